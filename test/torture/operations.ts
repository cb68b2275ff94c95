import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { TortureApp } from './app.js';
import { channel, counters, keys } from './keys.js';
import type { Scribe } from './scribe.js';

/** Issues one or a few commands and waits until each has ended. Never rejects. */
export type Act = () => Promise<unknown>;

export interface WeightedAct {
  readonly weight: number;
  readonly act: Act;
}

/** Sometimes long enough for a fault to begin and be detected in the middle of a transaction. */
const thoughtsMs = [5, 5, 5, 800] as const;

const timedPush = { kind: 'push', way: 'commandTimeout' } as const;
const timedPair = { kind: 'pair', way: 'MULTI with commandTimeout' } as const;
const pipelined = { kind: 'push', way: 'pipeline' } as const;
const autoPipelined = { kind: 'push', way: 'auto-pipeline' } as const;

/** What the workers that share connections do, and how often. */
export function sharedActs(app: TortureApp, scribe: Scribe, random: SeededRandom): readonly WeightedAct[] {
  const { writer, reader, impatient } = app;
  const push = (id: string) => writer.rpush(keys.log, id);
  return [
    { weight: 20, act: () => scribe.one({ kind: 'push', way: 'plain' }, push) },
    {
      weight: 8,
      act: () => scribe.one({ kind: 'push', way: 'defined script' }, (id) => callScript(writer, id)),
    },
    { weight: 4, act: () => scribe.one({ kind: 'push', way: 'EVAL' }, (id) => evaluate(writer, id)) },
    { weight: 12, act: () => scribe.one({ kind: 'pair', way: 'MULTI' }, (id) => pair(writer, id)) },
    { weight: 15, act: () => increment(writer, scribe, random) },
    { weight: 8, act: () => pipeline(writer, scribe, random) },
    { weight: 6, act: () => autoPipeline(app, scribe) },
    { weight: 8, act: () => scribe.oneTimed(timedPush, impatient, (id) => impatient.rpush(keys.log, id)) },
    { weight: 5, act: () => scribe.oneTimed(timedPair, impatient, (id) => pair(impatient, id)) },
    {
      weight: 6,
      act: () => scribe.one({ kind: 'publish', way: 'plain' }, (id) => writer.publish(channel, id)),
    },
    { weight: 8, act: () => offer(app, scribe) },
    {
      weight: 10,
      act: () => scribe.one({ kind: 'read', way: 'reader' }, () => reader.lrange(keys.log, -3, -1)),
    },
  ];
}

/** What the worker with its own connection does. It pauses, as an app does that computes what to write. */
export function exclusiveActs(
  { exclusive }: TortureApp,
  scribe: Scribe,
  random: SeededRandom,
): readonly WeightedAct[] {
  const think = () => delay(random.below(random.oneOf(thoughtsMs)));
  const oneByOne = { kind: 'pair', way: 'MULTI one by one' } as const;
  const watching = { kind: 'pair', way: 'MULTI under WATCH' } as const;
  return [
    { weight: 1, act: () => scribe.one(oneByOne, (id) => pairOneByOne(exclusive, id, think)) },
    { weight: 1, act: () => scribe.one(watching, (id) => pairUnderWatch(exclusive, id, think)) },
  ];
}

/** Takes one item from the queue, waiting for it at most this long; 0 without end. */
export function take({ consumer }: TortureApp, scribe: Scribe, seconds: number): Promise<unknown> {
  return scribe.one({ kind: 'take', way: 'BLPOP' }, () => consumer.blpop(keys.queue, seconds));
}

export function offer({ writer }: TortureApp, scribe: Scribe): Promise<unknown> {
  return scribe.one({ kind: 'offer', way: 'plain' }, (id) => writer.rpush(keys.queue, id));
}

function increment(writer: Redis, scribe: Scribe, random: SeededRandom): Promise<unknown> {
  const counter = random.oneOf(counters);
  return scribe.one({ kind: 'increment', way: 'plain', counter }, () => writer.incr(counter));
}

async function callScript(writer: Redis, id: string): Promise<unknown> {
  const command: unknown = Reflect.get(writer, 'tortureAppend');
  if (typeof command !== 'function') throw new Error('The script of the options is not on the writer');
  return Reflect.apply(command, writer, [keys.log, id]);
}

function evaluate(writer: Redis, id: string): Promise<unknown> {
  return writer.eval("return redis.call('RPUSH', KEYS[1], ARGV[1])", 1, keys.log, id);
}

function pair(redis: Redis, id: string): Promise<unknown> {
  return redis.multi().rpush(keys.left, id).rpush(keys.right, id).incr(keys.pairs).exec();
}

/** Before `EXEC` is issued nothing can have been executed, and an error until then must report that. */
async function pairOneByOne(redis: Redis, id: string, think: () => Promise<unknown>): Promise<unknown> {
  try {
    await redis.multi({ pipeline: false });
    await think();
    await redis.rpush(keys.left, id);
    await redis.rpush(keys.right, id);
    await redis.incr(keys.pairs);
    await think();
  } catch (error) {
    await redis.discard().catch(() => undefined);
    throw error;
  }
  return redis.exec();
}

async function pairUnderWatch(redis: Redis, id: string, think: () => Promise<unknown>): Promise<unknown> {
  await redis.watch(keys.watched);
  await redis.get(keys.watched);
  await think();
  return pair(redis, id);
}

function pipeline(writer: Redis, scribe: Scribe, random: SeededRandom): Promise<void> {
  const counter = random.oneOf(counters);
  const issues = [pipelined, { kind: 'increment', way: 'pipeline', counter } as const, pipelined];
  return scribe.several(issues, ([first = '', , last = '']) =>
    writer.pipeline().rpush(keys.log, first).incr(counter).rpush(keys.log, last).exec(),
  );
}

/** Issued in one turn, and so sent together. */
async function autoPipeline({ autoPipelined: redis }: TortureApp, scribe: Scribe): Promise<void> {
  const push = () => scribe.one(autoPipelined, (id) => redis.rpush(keys.log, id));
  await Promise.all([push(), push(), push()]);
}
