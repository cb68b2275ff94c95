import { startDemoCluster } from './cluster.js';
import { startDiscover } from './discover.js';
import { startNames } from './names.js';
import { startSentinel } from './sentinel.js';
import { startStatic } from './static.js';
import type { DemoTopology } from './topology.js';

/** What can stand behind `--topology`. */
const topologies: ReadonlyMap<string, () => Promise<DemoTopology>> = new Map([
  ['static', startStatic],
  ['discover', startDiscover],
  ['names', startNames],
  ['sentinel', startSentinel],
  ['cluster', startDemoCluster],
]);

/** @throws Error that lists what is allowed. */
export function chooseTopology(name: string): () => Promise<DemoTopology> {
  const start = topologies.get(name);
  if (start === undefined) {
    throw new Error(`--topology is "${name}"; allowed are ${[...topologies.keys()].join(', ')}`);
  }
  return start;
}
