import type { RoundResult } from './round.js';

/** The line for one failover. */
export function describeRound({ name, roles, ...figures }: RoundResult): string {
  const { recoveryMs, longestMs, writes, failures, repeated } = figures;
  return [
    name.padEnd(13),
    `${roles.from.endpoint} → ${roles.to.endpoint}`,
    `next write after ${formatMs(recoveryMs)}`,
    `longest write ${formatMs(longestMs)}`,
    `failed ${failures.length}`,
    `sent again ${repeated}`,
    `of ${writes} writes`,
  ].join('  ');
}

/** The summary of all failovers. */
export function describeTotal(results: readonly RoundResult[]): string {
  const sum = (figure: (result: RoundResult) => number) =>
    results.reduce((total, result) => total + figure(result), 0);
  const writes = sum((result) => result.writes);
  const failed = sum((result) => result.failures.length);
  const repeated = sum((result) => result.repeated);
  const worst = Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs));
  return (
    `${results.length} failovers, ${writes} writes: ${failed} failed, ${repeated} of unknown outcome sent again; ` +
    `the next write was acknowledged at most ${formatMs(worst).trim()} after a promotion.`
  );
}

/** The part of a log line in which the library reports a failover, or nothing for any other line. */
export function pickWarning(logLine: string): string | undefined {
  return /(?:WARN|ERROR) \[RedisReplication\] (.*)/.exec(logLine)?.[1];
}

function formatMs(ms: number): string {
  return `${ms.toFixed(ms < 100 ? 1 : 0).padStart(5)} ms`;
}
