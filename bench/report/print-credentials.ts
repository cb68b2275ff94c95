import type { CredentialsResult } from '../measure/credentials.js';
import { median } from '../measure/statistics.js';
import { formatMs, formatTable, printSection } from './format.js';

/** How often the app was asked for each renewal, at most, and by how much the slowest command was slower than in calm. */
export function renewalCost({ renewals, all }: CredentialsResult): {
  readonly calls: number;
  readonly addedMs: number;
} {
  return {
    calls: Math.max(...renewals.map(({ calls }) => calls)),
    addedMs: all.renewal.worst - all.calm.worst,
  };
}

export function printCredentials({ scenario, connections, renewals, all }: CredentialsResult): void {
  printSection(
    `${scenario}, ${connections} connections`,
    `${renewals.length} renewals; from when a command was due to its reply, in the 1.5 s after a renewal and in as long a calm`,
  );
  const rows = (['renewal', 'calm'] as const).map((name) => [
    name,
    formatMs(all[name].median),
    formatMs(all[name].p99),
    formatMs(all[name].worst),
    formatMs(median(renewals.map((each) => each[name].worst))),
  ]);
  console.log(formatTable(['', 'median', 'p99', 'worst', 'worst, median of the renewals'], rows));
  const [calls, logins] = [renewals.map((each) => each.calls), renewals.map((each) => each.logins)];
  console.log(`calls of the function for each renewal: ${list(calls)}; logins: ${list(logins)}`);
}

function list(values: readonly number[]): string {
  return [...new Set(values)].join(', ');
}
