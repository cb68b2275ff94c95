import assert from 'node:assert/strict';
import { BehaviorSubject, Subject, VirtualTimeScheduler } from 'rxjs';
import { listsOf } from '../../lib/sources/check-source.js';
import type { SourceNode } from '../../lib/sources/node-source.js';
import { primaryEndpoint } from '../../lib/sources/primary-endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import type { Signal } from '../../lib/topology/signal.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { garbageText } from './garbage.js';

/** More than both names may keep: 32 addresses of the last answer, and 32 earlier ones, for each. */
const MOST_NODES = 2 * 64;
const NAMES = ['primary.example', 'reader.example'];

/** Whatever a name server or a `lookup` of the app answers, the list is bounded and valid, and the source goes on. */
export const target: FuzzTarget = {
  name: 'dns-answers',
  run: async (random) => {
    const { below, chance } = random;
    const [primary = '', reader = ''] = NAMES;
    const lookup = async () => makeAnswer(random);
    const source = primaryEndpoint(`${primary}:1`, { reader: `${reader}:1`, lookup });
    const scheduler = new VirtualTimeScheduler();
    const [observations$, signals$] = [new Subject<Observation>(), new Subject<Signal>()];
    const seeking$ = new BehaviorSubject(true);
    const running = listsOf(source, { observations$, signals$, seeking$, scheduler }).subscribe({
      next: check,
      error: (error: unknown) => assert.fail(`the source failed: ${String(error)}`),
    });
    for (let step = below(20); step >= 0; step--) {
      scheduler.maxFrames = scheduler.frame + below(5000);
      scheduler.flush();
      if (chance(0.5)) signals$.next({ kind: 'requested', at: scheduler.now() });
      if (chance(0.2)) seeking$.next(chance(0.5));
      // The promise of the answer.
      await Promise.resolve();
      await Promise.resolve();
    }
    running.unsubscribe();
  },
};

function makeAnswer(random: SeededRandom) {
  const { below, oneOf, chance } = random;
  if (chance(0.1)) throw new Error('SERVFAIL');
  return Array.from({ length: oneOf([0, 1, 2, 100]) }, () => {
    const address = oneOf<() => string>([
      () => `10.0.${below(3)}.${below(256)}`,
      () => `2001:db8::${below(4096).toString(16)}`,
      () => garbageText(random, 20),
      () => oneOf(['', ' ', 'name.example', '256.1.1.1', '10.0.0.1:6379', 'fe80::1%eth0', '::ffff:10.0.0.1']),
    ])();
    return chance(0.5)
      ? address
      : { address, ttl: oneOf([0, 1, -1, 2 ** 31, 2 ** 53, Infinity, Number.NaN]) };
  });
}

function check(nodes: readonly SourceNode[]): void {
  assert.ok(nodes.length <= MOST_NODES, `${nodes.length} nodes`);
  assert.equal(new Set(nodes.map(formatEndpoint)).size, nodes.length, 'a node is listed twice');
  for (const { host, servername } of nodes) {
    assert.ok(NAMES.includes(host) || NAMES.includes(String(servername)), host);
  }
}
