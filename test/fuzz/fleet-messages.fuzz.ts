import assert from 'node:assert/strict';
import { VirtualTimeScheduler } from 'rxjs';
import { FleetMembership } from '../../lib/fleet/fleet-membership.js';
import { Gossip } from '../../lib/fleet/gossip.js';
import { NodeFleet } from '../../lib/fleet/node-fleet.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { garbageText, garbageValue } from './garbage.js';

const SHARING = { gapMs: 5, maxGapMs: 250 };
const SERVER = 'a'.repeat(40);
const endpoint = { host: 'node', port: 1 };

/**
 * Whatever a node says of its fleet and whatever neighbours publish: nothing throws, a flood has the node probed a bounded
 * number of times, and no delay is longer than a second and a quarter.
 */
export const target: FuzzTarget = {
  name: 'fleet-messages',
  run: async (random) => {
    const { below, chance, oneOf } = random;
    const scheduler = new VirtualTimeScheduler();
    const now = () => scheduler.now();
    const fraction = () => below(1e6) / 1e6;
    const fleet = new NodeFleet({
      endpoint,
      gossip: new Gossip(scheduler),
      sharing: SHARING,
      now,
      random: fraction,
    });
    let probes = 0;
    const news = fleet.news$.subscribe(() => (probes += 1));
    const { connection, publish } = openConnection(random);
    const membership = new FleetMembership({
      connection,
      fleet,
      channel: 'channel',
      server: oneOf([SERVER, SERVER, '']),
      scheduler,
      notify: () => undefined,
    });
    await membership.join();
    const steps = below(30);
    for (let step = 0; step < steps; step++) {
      const messages = oneOf([0, 1, 2, 300]);
      for (let count = 0; count < messages; count++) publish(makeMessage(random));
      membership.afterProbe();
      await settle();
      checkDelays(fleet, now());
      scheduler.maxFrames = scheduler.frame + below(300);
      scheduler.flush();
      scheduler.frame = scheduler.maxFrames;
      if (chance(0.05)) membership.leave();
    }
    news.unsubscribe();
    // Ten a second, and one at the start and at the end of each step.
    assert.ok(probes <= 2 * steps + scheduler.frame / 100 + 2, `${probes} probes in ${scheduler.frame} ms`);
  },
};

function openConnection(random: SeededRandom) {
  const { oneOf, chance } = random;
  let publish: ((message: string) => void) | undefined;
  const answer = async (): Promise<unknown> => {
    if (chance(0.1)) throw new Error(oneOf(['NOPERM no', 'ERR unknown command', garbageText(random, 30)]));
    return garbageValue(random);
  };
  const connection = {
    call: async (name: string) => {
      if (name === 'HELLO' && chance(0.8)) return { proto: 3 };
      if (name === 'PUBSUB')
        return ['channel', oneOf([0, 1, 3, 1e4, 4e8, 2 ** 53, -1, Number.NaN, '7', await answer()])];
      return name === 'INFO'
        ? `connected_clients:${oneOf(['1', '4000', '99999999999', '-1', 'x', ''])}\r\n`
        : answer();
    },
    subscribe: async (_channel: string, onMessage: (message: string) => void) => {
      publish = onMessage;
      return answer();
    },
  };
  return { connection, publish: (message: string) => publish?.(message) };
}

function makeMessage(random: SeededRandom): string {
  const { below, chance, oneOf } = random;
  return oneOf<() => string>([
    () => `${SERVER} ${below(1e6)} ${below(3)}`,
    () => `${SERVER} ${oneOf(['', ' ', 'x'.repeat(500)])}`,
    () => `${SERVER}${garbageText(random, 10)}`,
    () => garbageText(random, chance(0.01) ? 1000 : 10),
    () => ' '.repeat(oneOf([1, 299, 300, 301, 100_000])),
  ])();
}

/** Of the callbacks of a count, which asks up to three times. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

function checkDelays(fleet: NodeFleet, at: number): void {
  const delays = [
    fleet.delayAfter({ kind: 'poll', at }, -Infinity),
    fleet.delayAfter({ kind: 'unblocked', endpoint: 'node:1', at }, at),
    fleet.spreadMs(),
  ];
  for (const delayMs of delays) {
    assert.ok(delayMs >= 0 && delayMs <= 1250, `a delay of ${delayMs} ms`);
  }
  const size = fleet.size.kind === 'unknown' ? 1 : fleet.size.size;
  assert.ok(Number.isInteger(size) && size >= 1, `a fleet of ${size}`);
}
