import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { NodeReport, Observation, ReplicaLink } from '../../lib/topology/observation.js';
import type { Signal } from '../../lib/topology/signal.js';
import type { SeededRandom } from './seeded-random.js';

const ENDPOINTS = ['10.0.0.1:6379', '10.0.0.2:6379', '[::1]:6379', 'primary.example:6379'];

/**
 * Consecutive rounds of probes with arbitrary reports, including some that no server would send: the rules must hold for
 * all of them. Ids and moments are drawn from a small range so that they collide.
 */
export function randomRounds(random: SeededRandom): readonly (readonly Observation[])[] {
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
      return { ...base, kind: 'answered', report: { role: 'master', ...randomFields(name, random) } };
    case 'replica': {
      const link = random.oneOf<ReplicaLink>(['up', 'down', 'syncing']);
      return { ...base, kind: 'answered', report: { role: 'replica', link, ...randomFields(name, random) } };
    }
    case 'faulty':
      return { ...base, kind: 'faulty', fault: random.oneOf(['REFUSED', 'TIMEOUT']), message: 'no answer' };
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

type Fields = Omit<NodeReport, 'role' | 'link'>;

/** Mostly a process of its own; sometimes one that it shares with another endpoint, or one without a run id. */
function randomFields(name: string, random: SeededRandom): Fields {
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
