import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Replication } from '../../lib/nest/replication.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { everyCall } from '../support/every-call.js';
import { startFakeNode, type FakeNode } from '../support/fake-node.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { raw } from '../support/resp.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';

/** Between 0 (inclusive) and 1. */
type Random = () => number;

const PRECISION = 2 ** 30;
const STEPS = 60;
const SETTLE_MS = 2500;

/**
 * What cannot be taken for the reply to a command. ioredis believes anything else, and loses a `SUBSCRIBE` that is answered by
 * something of another kind (`docs/upstream.md`).
 */
const garbage: readonly string[] = ['HTTP/1.1 502 Bad Gateway\r\n\r\n', '>0\r\n'];

function pick<T>(random: Random, items: readonly T[]): T {
  const [item] = items.slice(Math.floor(random() * items.length));
  assert(item !== undefined, 'there is something to pick from');
  return item;
}

interface Pending {
  readonly what: string;
  isSettled: boolean;
}

/** Issues calls of every kind while the server fails in every way, then closes all. */
async function run(seeded: SeededRandom): Promise<void> {
  const random: Random = () => seeded.below(PRECISION) / PRECISION;
  const connections = new Set<FakeConnection>();
  const node = await startFakeNode({
    onCommand([name], connection) {
      // In lower case, as the connections of the app send it in their handshake; observers send it in upper case.
      if (name === 'info') connections.add(connection);
      return undefined;
    },
  });
  const source = staticNodes([node.endpoint]);
  const replication = new Replication(
    resolveOptions({ source, pollIntervalMs: 20, replyTimeoutMs: 20, shutdownTimeoutMs: 20 }),
    () => undefined,
  );
  const writer = replication.createWriter();
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const { issued, track } = createTracker();
  try {
    await replication.onModuleInit();
    for (let step = 0; step < STEPS; step += 1) {
      takeStep(random, { node, writer, connections, track });
      if (random() < 0.5) await nextTurn();
    }
    node.resume();
    writer.disconnect();
    await replication.onApplicationShutdown();
    await allSettled(issued);
    assert.deepEqual(unhandled, []);
  } finally {
    process.off('unhandledRejection', onUnhandled);
    await node.stop();
  }
}

function createTracker() {
  const issued: Pending[] = [];
  const track = (what: string, promise: Promise<unknown>) => {
    const pending: Pending = { what, isSettled: false };
    issued.push(pending);
    const settle = () => void (pending.isSettled = true);
    promise.then(settle, settle);
  };
  return { issued, track };
}

interface Scene {
  readonly node: FakeNode;
  readonly writer: Redis;
  readonly connections: ReadonlySet<FakeConnection>;
  readonly track: (what: string, promise: Promise<unknown>) => void;
}

function takeStep(random: Random, scene: Scene): void {
  const { writer, track } = scene;
  const chance = random();
  if (chance < 0.3) {
    const word = `word ${random()}`;
    track(`ping ${word}`, requireReply(writer.ping(word), word));
  } else if (chance < 0.75) {
    const name = pick(
      random,
      Object.keys(everyCall).filter((each) => each !== 'quit'),
    );
    for (const promise of everyCall[name]?.(writer) ?? []) track(name, promise);
  } else {
    fail(random, scene);
  }
}

/** A reply that belongs to another command would be told by an unhandled rejection. */
async function requireReply(reply: Promise<unknown>, word: string): Promise<void> {
  const value = await reply.catch(() => word);
  if (value !== word) void Promise.reject(new Error(`${String(value)} came for ${word}`));
}

function fail(random: Random, { node, writer, connections }: Scene): void {
  const [other] = [...connections].slice(Math.floor(random() * connections.size));
  const faults: readonly (() => unknown)[] = [
    () => node.dropConnections(),
    () => node.hang(pick(random, ['get', 'set', 'ping', 'info', 'subscribe', 'multi', 'exec'])),
    () => node.resume(),
    () => node.refuse('READONLY demoted', pick(random, ['set', 'get', 'exec', 'ping', 'multi'])),
    () => node.refuse('LOADING the data'),
    () => node.allow(),
    () => node.become(pick(random, ['master', 'replica'])),
    () => other?.send(raw(pick(random, garbage))),
    () => other?.close(),
    () => {
      writer.disconnect();
      return writer.connect().catch(() => undefined);
    },
  ];
  void pick(random, faults)();
}

async function allSettled(issued: readonly Pending[]): Promise<void> {
  const limit = performance.now() + SETTLE_MS;
  const open = () => issued.filter(({ isSettled }) => !isSettled).map(({ what }) => what);
  while (open().length > 0 && performance.now() < limit) await nextTurn();
  assert.deepEqual(open(), [], 'all that was issued has ended');
}

export const target: FuzzTarget = { name: 'ioredis-calls', run };
