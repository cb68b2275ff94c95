import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const rulesPath = fileURLToPath(new URL('../../docs/observability/alerts.yml', import.meta.url));

const rules = readFileSync(rulesPath, 'utf8');

/** The names of all alerts. */
export const alertNames: readonly string[] = [...rules.matchAll(/- alert: (\w+)/g)].map(
  ([, name = '']) => name,
);

/** The rules with all durations that many times shorter, also the lag that is too much, and the interval of scrapes for them. */
export function compressedRules(speed: number): { readonly rules: string; readonly intervalMs: number } {
  const lagging = /\) > 10\n/;
  if (!lagging.test(rules)) throw new Error('the rule for the lag has changed');
  const compressed = rules
    .replace(lagging, ') > 0.5\n')
    .replace(/(?<=\bfor: |\[)\d+[sm]\b/g, (duration) => `${Math.round(toMs(duration) / speed)}ms`);
  return { rules: compressed, intervalMs: 15_000 / speed };
}

/** `30s` or `5m`. */
function toMs(duration: string): number {
  return Number.parseInt(duration, 10) * (duration.endsWith('m') ? 60_000 : 1000);
}
