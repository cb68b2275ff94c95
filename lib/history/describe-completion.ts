import type { ChangeNote } from '../topology/describe-change.js';
import { line, withFacts, type LogLine } from '../topology/log-line.js';
import type { FailoverPhases, FailoverRecord } from './failover-record.js';

/** The log line for a failover that is complete. */
export function describeCompletion(record: FailoverRecord & { readonly kind: 'complete' }): ChangeNote {
  const { to, generation, phases, commands } = record;
  const { held, sentAgain, unknown, notApplied } = commands;
  const end =
    record.endedBy === 'first write'
      ? line`is complete after ${{ totalMs: record.totalMs }} ms`
      : line`was followed by the next one before a write was acknowledged`;
  const ends = line`${{ held }} commands held, ${{ sentAgain }} sent again, ${{ unknown }} unknown, ${{ notApplied }} not applied`;
  const told = line`failover to ${{ to }} ${end}: ${describePhases(phases)}; ${ends}, generation ${{ generation }}`;
  return { code: 'RR102', level: 'log', ...withFacts(told, { failover: record }) };
}

function describePhases({
  detectionMs,
  decisionMs,
  connectionMs,
  acknowledgementMs,
}: FailoverPhases): LogLine {
  const connected = connectionMs === undefined ? line`` : line`, connected in ${{ connectionMs }} ms`;
  const written =
    acknowledgementMs === undefined ? line`` : line`, first write in ${{ acknowledgementMs }} ms`;
  return line`detected in ${{ detectionMs }} ms, decided in ${{ decisionMs }} ms${connected}${written}`;
}
