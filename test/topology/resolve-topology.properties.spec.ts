import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { initialResolution, resolveTopology, type Resolution } from '../../lib/topology/resolve-topology.js';
import { masterOf, type Topology } from '../../lib/topology/topology.js';
import { randomRounds } from './random-observations.js';
import { seededRandom, type SeededRandom } from './seeded-random.js';

const RUNS = 1000;

interface Step {
  readonly before: Resolution;
  readonly observations: readonly Observation[];
  readonly after: Resolution;
  readonly random: SeededRandom;
}

/** Applies the rule to each step of many random histories. A failure names the seed that reproduces it. */
function always(rule: (step: Step) => void): void {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed);
    let before = initialResolution(0);
    for (const [index, observations] of randomRounds(random).entries()) {
      const after = resolveTopology(before, observations);
      try {
        rule({ before, observations, after, random });
      } catch (error) {
        throw new Error(`seed ${seed}, round ${index + 1}: ${String(error)}`, { cause: error });
      }
      before = after;
    }
  }
}

function namesIn(topology: Topology): readonly string[] {
  const { lastFailover: failover, lastDataLoss: loss } = topology;
  return [
    masterOf(topology),
    ...(topology.kind === 'contested' ? topology.claimants : []),
    ...topology.nodes.flatMap(({ endpoint, aliases = [] }) => [endpoint, ...aliases]),
    failover?.from,
    failover?.to,
    loss?.endpoint,
  ].filter((name) => name !== undefined);
}

function withOtherOffsets(
  observations: readonly Observation[],
  random: SeededRandom,
): readonly Observation[] {
  return observations.map((observation) =>
    observation.kind === 'answered'
      ? { ...observation, report: { ...observation.report, offset: random.below(1_000_000) } }
      : observation,
  );
}

describe('for arbitrary reports', () => {
  test('the order of the observations does not matter', () => {
    always(({ before, observations, after, random }) => {
      const shuffled = resolveTopology(before, random.shuffled(observations));
      expect(shuffled.topology).toEqual(after.topology);
      expect(shuffled.accepted).toEqual(after.accepted);
    });
  });

  test('the same observations twice change nothing', () => {
    always(({ observations, after }) => {
      expect(resolveTopology(after, observations).topology).toEqual(after.topology);
    });
  });

  test('offsets do not decide who is master', () => {
    always(({ before, observations, after, random }) => {
      const { topology } = resolveTopology(before, withOtherOffsets(observations, random));
      const decision = [topology.kind, masterOf(topology), topology.generation];
      expect(decision).toEqual([after.topology.kind, masterOf(after.topology), after.topology.generation]);
    });
  });

  test('no endpoint is named that was never observed', () => {
    const observed = new Map<Resolution, ReadonlySet<string>>();
    always(({ before, observations, after }) => {
      const names = new Set([
        ...(observed.get(before) ?? []),
        ...observations.map(({ endpoint }) => formatEndpoint(endpoint)),
      ]);
      observed.set(after, names);
      expect(namesIn(after.topology).filter((name) => !names.has(name))).toEqual([]);
    });
  });

  test('every observed endpoint is shown once, as a node or as an alias', () => {
    always(({ observations, after }) => {
      const shown = after.topology.nodes.flatMap(({ endpoint, aliases = [] }) => [endpoint, ...aliases]);
      const observed = observations.map(({ endpoint }) => formatEndpoint(endpoint));
      expect(shown.toSorted()).toEqual(observed.toSorted());
    });
  });

  test('the generation grows by one at each change of the accepted master, and only then', () => {
    always(({ before, after }) => {
      const moved = after.accepted?.endpoint !== before.accepted?.endpoint;
      expect(after.topology.generation).toBe(before.topology.generation + (moved ? 1 : 0));
    });
  });

  test('the master is the only node shown as master, and reports that role', () => {
    always(({ after: { topology } }) => {
      const master = masterOf(topology);
      const shown = topology.nodes.filter(({ kind }) => kind === 'master');
      expect(shown.map(({ endpoint }) => endpoint)).toEqual(master === undefined ? [] : [master]);
      expect(shown.every((node) => node.kind === 'master' && node.role === 'master')).toBe(true);
    });
  });

  test('no first master is accepted before every node was probed', () => {
    always(({ before, observations, after }) => {
      const isEarly = before.accepted === undefined && observations.some(({ kind }) => kind === 'pending');
      expect(isEarly && after.topology.kind !== 'unknown').toBe(false);
    });
  });

  test('the topology survives serialisation unchanged', () => {
    always(({ after: { topology } }) => {
      expect(JSON.parse(JSON.stringify(topology))).toStrictEqual(topology);
    });
  });
});
