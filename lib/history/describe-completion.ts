import type { ChangeNote } from '../topology/describe-change.js';
import type { FailoverPhases, FailoverRecord } from './failover-record.js';

/** The log line for a failover that is complete. */
export function describeCompletion(record: FailoverRecord & { readonly kind: 'complete' }): ChangeNote {
  const { to, generation, phases, commands } = record;
  const { held, sentAgain, unknown, notApplied } = commands;
  const end =
    record.endedBy === 'first write'
      ? `is complete after ${record.totalMs} ms`
      : 'was followed by the next one before a write was acknowledged';
  return {
    code: 'RR102',
    level: 'log',
    text:
      `failover to ${to} ${end}: ${describePhases(phases)}; ${held} commands held, ${sentAgain} sent again, ` +
      `${unknown} unknown, ${notApplied} not applied, generation ${generation}`,
    facts: { failover: record },
  };
}

function describePhases({
  detectionMs,
  decisionMs,
  connectionMs,
  acknowledgementMs,
}: FailoverPhases): string {
  return [
    `detected in ${detectionMs} ms`,
    `decided in ${decisionMs} ms`,
    ...(connectionMs === undefined ? [] : [`connected in ${connectionMs} ms`]),
    ...(acknowledgementMs === undefined ? [] : [`first write in ${acknowledgementMs} ms`]),
  ].join(', ');
}
