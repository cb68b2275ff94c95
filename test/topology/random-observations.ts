import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { NodeReport, Observation, ReplicaLink } from '../../lib/topology/observation.js';
import type { Signal } from '../../lib/topology/signal.js';
import type { SeededRandom } from './seeded-random.js';

const ENDPOINTS = ['10.0.0.1:6379', '10.0.0.2:6379', '[::1]:6379', 'primary.example:6379'];

/**
 * Looks at all nodes, one after the other, at which nodes say anything whatever, also what no server would say: the
 * rules must hold for all of it. Ids and moments are few, so that they meet.
 */
export function randomLooks(random: SeededRandom): readonly (readonly Observation[])[] {
  const count = 1 + random.below(6);
  return Array.from({ length: count }, (_, index) =>
    ENDPOINTS.filter(() => random.chance(0.85)).map((name) => randomObservation(name, index, random)),
  );
}

function randomObservation(name: string, round: number, random: SeededRandom): Observation {
  const at = 1000 * round + random.below(3);
  const base = { endpoint: parseEndpoint(name), at, signal: randomSignal(at, random) };
  switch (random.oneOf(['master', 'master', 'replica', 'replica', 'replica', 'faulty', 'pending'])) {
    case 'master':
      return { ...base, kind: 'answered', report: { role: 'master', ...randomWords(name, random) } };
    case 'replica': {
      const link = random.oneOf<ReplicaLink>(['up', 'down', 'syncing']);
      return { ...base, kind: 'answered', report: { role: 'replica', link, ...randomWords(name, random) } };
    }
    case 'faulty':
      return { ...base, kind: 'faulty', fault: random.oneOf(['REFUSED', 'TIMEOUT']), message: 'silent' };
    default:
      return { ...base, kind: 'pending' };
  }
}

function randomSignal(at: number, random: SeededRandom): Signal {
  return {
    kind: random.oneOf(['poll', 'connection closed', 'write refused', 'unblocked']),
    at: at - random.below(3),
  };
}

type Words = Omit<NodeReport, 'role' | 'link'>;

/** Mostly the process of its own, now and then one that another endpoint leads to as well, or none that is known. */
function randomWords(name: string, random: SeededRandom): Words {
  const runId = random.oneOf([name, name, `${name} again`, 'shared', undefined]);
  const id = random.oneOf(['R1', 'R2', 'R3', 'R4', undefined]);
  const previous = random.oneOf(['R1', 'R2', 'R3', undefined, undefined]);
  const step =
    previous === undefined || previous === id ? {} : { previous: { id: previous, from: random.below(100) } };
  return {
    named: [],
    ...(runId !== undefined && { runId }),
    ...(random.chance(0.8) && { offset: random.below(100) }),
    ...(id !== undefined && { history: { id, ...step } }),
  };
}
