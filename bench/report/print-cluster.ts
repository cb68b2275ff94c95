import { clusterContenders, settleMs, type ClusterResult, type ClusterRound } from '../measure/cluster.js';
import { median } from '../measure/statistics.js';
import { formatMean, formatMs, formatTable, formatWithin, printSection } from './format.js';

/** A contender that was not back in time counts as endless. */
export function clusterTimes(rounds: readonly ClusterRound[]): readonly number[] {
  return rounds.map(({ recoveryMs }) => recoveryMs ?? Infinity);
}

export function printCluster({ failovers, ratios }: ClusterResult): void {
  printSection(
    'Redis Cluster: one of three shards fails over',
    'from the promotion to the first write; all contenders at the same time; failed and unknown per failover',
  );
  const rows = failovers.flatMap(({ scenario, rounds }) =>
    clusterContenders.map((contender) => {
      const of = rounds[contender];
      const times = clusterTimes(of);
      const sum = (key: 'failed' | 'unknown') =>
        of.reduce((total, round) => total + round[key], 0) / of.length;
      return [
        `${scenario}, ${contender}`,
        formatWithin(median(times), settleMs),
        formatWithin(Math.max(...times), settleMs),
        formatMean(sum('failed')),
        formatMean(sum('unknown')),
        formatMs(median(of.map(({ otherStallMs }) => otherStallMs))),
      ];
    }),
  );
  console.log(formatTable(['', 'median', 'worst', 'failed', 'unknown', 'longest gap elsewhere'], rows));
  const speeds = Object.entries(ratios).map(([name, pairs]) => [name, median(pairs).toFixed(3)]);
  console.log(`\n${formatTable(['commands/s, this library ÷ ioredis Cluster', ''], speeds)}`);
}
