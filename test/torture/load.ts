import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../lib/testing/servers/until.js';
import { seededRandom, type SeededRandom } from '../topology/seeded-random.js';
import type { TortureApp } from './app.js';
import { exclusiveActs, offer, sharedActs, take, type WeightedAct } from './operations.js';
import { createPulse, type Pulse } from './pulse.js';
import type { Recorder } from './recorder.js';
import { createScribe, type Scribe } from './scribe.js';

/** The load of one app: workers that issue the next command when the one before has ended. */
export interface Load {
  readonly app: TortureApp;
  readonly pulse: Pulse;
  readonly scribe: Scribe;
  /** Issues no more and waits until each command has ended; rejects if that takes too long. */
  stop(): Promise<void>;
}

const sharingWorkers = 8;
/** Limits the rate, so that replication keeps up and little is lost in a crash. It waits for no condition. */
const pauseMs = 20;

const patience = { timeoutMs: 30_000 };

const ways = [
  'plain',
  'defined script',
  'EVAL',
  'pipeline',
  'auto-pipeline',
  'commandTimeout',
  'MULTI',
  'MULTI with commandTimeout',
  'MULTI one by one',
  'MULTI under WATCH',
  'BLPOP',
  'reader',
] as const;

export function startLoad(app: TortureApp, recorder: Recorder, seed: number): Load {
  const pulse = createPulse(ways);
  const scribe = createScribe(app.name, recorder, pulse);
  const flow = { isOn: true };
  const random = seededRandom(seed);
  const shared = sharedActs(app, scribe, random);
  const work = async (acts: readonly WeightedAct[]) => {
    while (flow.isOn) {
      await oneOf(acts, random).act();
      await delay(pauseMs);
    }
  };
  const consumers = { left: 1 };
  const consume = async () => {
    while (flow.isOn) await take(app, scribe, app.index === 0 ? 0 : 1);
    consumers.left -= 1;
  };
  const workers = { left: sharingWorkers + 1 };
  const begin = (acts: readonly WeightedAct[]) => work(acts).finally(() => (workers.left -= 1));
  for (let index = 0; index < sharingWorkers; index += 1) void begin(shared);
  void begin(exclusiveActs(app, scribe, random));
  void consume();
  return {
    app,
    pulse,
    scribe,
    async stop() {
      flow.isOn = false;
      await until(`all commands of app ${app.name} have ended`, () => workers.left === 0, patience);
      await until(
        `the consumer of app ${app.name} has ended`,
        () => feed(consumers.left, app, scribe),
        patience,
      );
    },
  };
}

/** Offers an item to each consumer that waits for one. */
async function feed(consumers: number, app: TortureApp, scribe: Scribe): Promise<boolean> {
  if (consumers > 0) await offer(app, scribe);
  return consumers === 0;
}

function oneOf(acts: readonly WeightedAct[], random: SeededRandom): WeightedAct {
  const total = acts.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.below(total);
  for (const each of acts) {
    left -= each.weight;
    if (left < 0) return each;
  }
  throw new Error('There is nothing to do');
}
