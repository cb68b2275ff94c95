import type { IdleResult } from '../measure/idle.js';
import type { Batch } from '../measure/run-batch.js';
import { median } from '../measure/statistics.js';
import type { SteadyResult } from '../measure/steady-state.js';
import { formatMs, formatRate, formatTable, printSection } from './format.js';

/** Library ÷ raw ioredis, the median of the pairs. */
export function medianRatio({ pairs }: SteadyResult, key: keyof Batch): number {
  return median(pairs.map(({ raw, library }) => library[key] / raw[key]));
}

export function printSteadyState(results: readonly SteadyResult[]): void {
  printSection(
    'Steady state, this library ÷ raw ioredis',
    'SET by the writer, GET by the reader; the same server, in turns; medians, and medians of the ratios of pairs',
  );
  const rows = results.map((result) => {
    const of = (who: 'raw' | 'library', key: keyof Batch) =>
      median(result.pairs.map((pair) => pair[who][key]));
    return [
      `${result.role}, ${result.scenario}`,
      formatRate(of('raw', 'commandsPerSecond')),
      formatRate(of('library', 'commandsPerSecond')),
      medianRatio(result, 'commandsPerSecond').toFixed(3),
      formatMs(of('raw', 'p99Ms')),
      formatMs(of('library', 'p99Ms')),
      of('raw', 'cpuSecondsPerMillion').toFixed(1),
      of('library', 'cpuSecondsPerMillion').toFixed(1),
      medianRatio(result, 'cpuSecondsPerMillion').toFixed(3),
    ];
  });
  const headers = ['', 'raw/s', 'library/s', '÷', 'raw p99', 'library p99'];
  console.log(formatTable([...headers, 'raw CPU s/M', 'library CPU s/M', '÷'], rows));
}

export function printIdle(idle: IdleResult): void {
  printSection('One idle app', `over ${idle.seconds} s, links between the nodes left out`);
  const rows = idle.nodes.map((node) => [
    node.role,
    String(node.watchConnections),
    String(node.ownConnections),
    node.commandsPerSecond.toFixed(1),
  ]);
  console.log(formatTable(['', 'watching connections', 'writer and reader', 'commands/s'], rows));
  console.log(
    [
      `CPU: ${idle.cpuSecondsPerHour.toFixed(1)} s an hour`,
      `memory: ${Math.round(idle.memoryBytesPerApp / 1024)} kiB an app (${idle.instances} apps)`,
      `timers: ${idle.timers}`,
    ].join('; '),
  );
}
