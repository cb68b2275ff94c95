import assert from 'node:assert/strict';
import { listsOf } from '../../lib/sources/check-source.js';
import { discoverNodes } from '../../lib/sources/discover-nodes.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { NodeReport, Observation } from '../../lib/topology/observation.js';
import { BehaviorSubject, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import type { SourceNode } from '../../lib/sources/node-source.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { garbageText } from './garbage.js';

const MAX_NODES = 8;

/**
 * Whatever the nodes list: the seeds stay, the list is bounded and valid, what `allow` does not list is not followed, and
 * with `requireProof` nothing is followed but what a proven node has said that it replicates from.
 */
export const target: FuzzTarget = {
  name: 'discovery',
  run: (random) => {
    const { chance, below, oneOf } = random;
    const requireProof = chance(0.5);
    const seeds = ['seed-1:1', '10.0.0.1:1'];
    const source = discoverNodes(seeds, {
      maxNodes: MAX_NODES,
      requireProof,
      allow: ['10.0.0.0/8', '*.good'],
    });
    const observations$ = new Subject<Observation>();
    const seeking$ = new BehaviorSubject(true);
    const security = { password: true, tls: chance(0.2), verifies: chance(0.5) };
    const context = {
      observations$,
      seeking$,
      signals$: NEVER,
      scheduler: new VirtualTimeScheduler(),
      security,
    };
    let nodes: readonly SourceNode[] = [];
    const proven = new Set(seeds);
    // As the app subscribes: a list that is no list of endpoints would end the source.
    const running = listsOf(source, context).subscribe({
      next: (list) => {
        nodes = list;
      },
      error: (error: unknown) => assert.fail(`the source failed: ${String(error)}`),
    });
    let at = 0;
    for (let step = below(40); step >= 0; step--) {
      at += oneOf([1, 1, 5, 500, 5000]);
      if (chance(0.1)) seeking$.next(chance(0.5));
      const observation = observe(random, oneOf(['', ...nodes.map(formatEndpoint)]), at);
      note(observation, proven);
      observations$.next(observation);
      check(nodes, seeds, requireProof && !(security.tls && security.verifies) ? proven : undefined);
    }
    running.unsubscribe();
  },
};

/** An observation of a node that is followed, since there are no others. */
function observe(random: SeededRandom, name: string, at: number): Observation {
  const base = {
    endpoint: parseEndpoint(name === '' ? 'seed-1:1' : name),
    at,
    signal: { kind: 'poll', at } as const,
  };
  return random.chance(0.2)
    ? { ...base, kind: 'faulty', fault: 'REFUSED', message: '' }
    : { ...base, kind: 'answered', report: makeReport(random) };
}

function makeReport(random: SeededRandom): NodeReport {
  const { chance, below, oneOf } = random;
  const history = { id: oneOf(['group', 'group', 'other']) };
  const named = Array.from({ length: oneOf([0, 1, 3, 30, 400]) }, () => makeEndpoint(random));
  return chance(0.5)
    ? { role: 'master', ...(below(3) > 0 && { history }), named }
    : { role: 'replica', history, ...(chance(0.8) && { follows: makeEndpoint(random) }), named };
}

function makeEndpoint(random: SeededRandom): Endpoint {
  const { below, chance, oneOf } = random;
  const host = oneOf<() => string>([
    () => `10.0.0.${below(40)}`,
    () => `11.0.0.${below(40)}`,
    () => `host-${below(10)}.good`,
    () => `host-${below(10)}.bad`,
    () => (chance(0.01) ? garbageText(random, 300) : garbageText(random, 10)),
    () => oneOf(['', '::1', '::ffff:10.0.0.9', 'seed-1', '*.good', 'a.b.good', '%', '10.0.0.1 ']),
  ])();
  return { host, port: oneOf([1, 1, 1, 0, -1, 65_536, 6379.5, Number.NaN]) };
}

function note(observation: Observation, proven: Set<string>): void {
  if (observation.kind === 'answered' && proven.has(formatEndpoint(observation.endpoint))) {
    const { follows } = observation.report;
    if (follows !== undefined) proven.add(formatEndpoint(follows));
  }
}

function check(
  nodes: readonly SourceNode[],
  seeds: readonly string[],
  proven: ReadonlySet<string> | undefined,
): void {
  const names = nodes.map(formatEndpoint);
  assert.deepEqual(names.slice(0, seeds.length), seeds);
  assert.equal(new Set(names).size, names.length, 'a node is listed twice');
  assert.ok(names.length <= MAX_NODES, `${names.length} nodes`);
  for (const name of names.slice(seeds.length)) {
    assert.match(name, /^(10\.\d+\.\d+\.\d+|\[::ffff:10\.0\.0\.9\]|host-\d\.good):1$/);
    if (proven !== undefined) assert.ok(proven.has(name), `${name} is not proven`);
  }
}
