import { findNode, masterOf, type Topology } from '../../lib/topology/topology.js';
import type { Entry } from './history.js';
import type { Operation } from './operations.js';
import type { Violation } from './violation.js';

/** Checks that commands go where the topology allows, and that all subscribers get the same topologies. */
export function checkTopology(
  entries: readonly Entry[],
  operations: readonly Operation[],
): readonly Violation[] {
  return [
    ...followsTopology(entries, new Map(operations.map((each) => [each.op, each]))),
    ...generationsGrow(topologiesOf(entries, 'first')),
    ...sameForAll(entries),
  ];
}

/** Each command is written to a node that the topology of that moment allows for its connection. */
function followsTopology(
  entries: readonly Entry[],
  operations: ReadonlyMap<string, Operation>,
): readonly Violation[] {
  const violations: Violation[] = [];
  let latest: Topology | undefined;
  for (const entry of entries) {
    if (entry.kind === 'topology' && entry.subscriber === 'first') {
      latest = entry.topology;
    }
    const via = entry.kind === 'written' ? operations.get(entry.op)?.issued.via : undefined;
    if (entry.kind !== 'written' || via === undefined || mayUse(latest, entry.node, via)) {
      continue;
    }
    violations.push({
      invariant: 'nothing is written to a node that is stale, unreachable or, for the writer, not the master',
      text: `${entry.op} was written by the ${via} to ${entry.node}, which is ${stateOf(latest, entry.node)}`,
      at: entry.at,
    });
  }
  return violations;
}

function mayUse(
  topology: Topology | undefined,
  name: string,
  via: 'writer' | 'reader' | 'duplicate',
): boolean {
  const node = topology && findNode(topology, name);
  if (topology === undefined || node?.reachable !== true) {
    return false;
  }
  return node.endpoint === masterOf(topology) || (via === 'reader' && node.kind === 'replica');
}

function stateOf(topology: Topology | undefined, name: string): string {
  const kind = topology && findNode(topology, name)?.kind;
  return `${kind} in a topology that is ${topology?.kind}`;
}

/** The generation grows by one at each change of master, and only then. */
function generationsGrow(
  topologies: readonly (Entry & { readonly topology: Topology })[],
): readonly Violation[] {
  let master: string | undefined;
  let generation = 0;
  return topologies.flatMap(({ topology, at }) => {
    const next = masterOf(topology);
    const expected = next === undefined || next === master ? generation : generation + 1;
    const text = `generation ${topology.generation} after ${generation}, master ${next} after ${master}`;
    master = next ?? master;
    generation = topology.generation;
    return topology.generation === expected
      ? []
      : [{ invariant: 'the generation grows by one at each change of master', text, at }];
  });
}

/** A late subscriber gets the latest topology at once, and then the same ones as the first. */
function sameForAll(entries: readonly Entry[]): readonly Violation[] {
  const first = topologiesOf(entries, 'first').map(({ topology }) => topology);
  const late = topologiesOf(entries, 'late').map(({ topology }) => topology);
  const from = first.length - late.length;
  const different = late.findIndex((topology, index) => topology !== first[from + index]);
  return different === -1
    ? []
    : [
        {
          invariant: 'every subscriber gets the same topologies',
          text: `number ${different} of the late subscriber is not what the first got`,
          at: topologiesOf(entries, 'late')[different]?.at ?? 0,
        },
      ];
}

function topologiesOf(entries: readonly Entry[], subscriber: 'first' | 'late') {
  return entries.flatMap((entry) =>
    entry.kind === 'topology' && entry.subscriber === subscriber ? [entry] : [],
  );
}
