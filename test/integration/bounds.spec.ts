import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Redis } from 'ioredis';
import { NotAppliedError, staticNodes, type Topology } from 'nestjs-redis-replication';
import { BehaviorSubject, Subject, throwError } from 'rxjs';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { Notices } from '../../lib/notices/notices.js';
import { createWriter } from '../../lib/connections/create-connections.js';
import { Replication } from '../../lib/nest/replication.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { dial, type Dial } from '../../lib/sockets/dial.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');
/** Taken before any test replaces the timers. */
const realTurn = setImmediate;

let server: RedisServer;
const warnings: unknown[] = [];
const onWarning = (warning: unknown) => warnings.push(warning);

beforeAll(async () => {
  server = await startRedisServer();
  process.on('warning', onWarning);
});

afterEach(() => {
  // Such as that of listeners that pile up.
  expect(warnings.splice(0)).toEqual([]);
});

afterAll(async () => {
  process.off('warning', onWarning);
  await server.stop();
});

/** What is left on the heap after garbage was collected, in MB. */
function heapMb(): number {
  if (typeof collectGarbage === 'function') Reflect.apply(collectGarbage, undefined, []);
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function countListeners(writer: Redis): readonly (readonly [string, number])[] {
  return writer.eventNames().map((name) => [String(name), writer.listenerCount(name)]);
}

function print(figures: Readonly<Record<string, number>>): void {
  const rounded = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`);
  process.stdout.write(`bounds: ${rounded.join(', ')}\n`);
}

async function connectedTo(node: RedisServer): Promise<number> {
  return Number((await readInfo(node, 'clients')).get('connected_clients'));
}

const turn = () => new Promise<void>((resolve) => realTurn(resolve));

/** Runs the virtual clock, and lets everything that follows from each timer happen before the next. */
async function runFor(ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    vi.advanceTimersToNextTimer();
    await turn();
  }
}

test('ten minutes without a master, under load: what is held stays bounded, and all is told in time', async () => {
  const clocks = ['Date', 'performance'] as const;
  vi.useFakeTimers({ toFake: [...clocks, 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let dials = 0;
  const refuse: Dial = () => {
    dials += 1;
    return throwError(() => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  };
  const source = staticNodes(['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379']);
  const replication = new Replication(resolveOptions({ source }), () => undefined, refuse);
  const writer = replication.createWriter();
  await replication.onModuleInit();
  const told = { issued: 0, rejected: 0, other: 0, lateMs: 0, held: 0 };
  const load = setInterval(() => {
    const [since, held] = [Date.now(), told.issued - told.rejected];
    told.issued += 1;
    told.held = Math.max(told.held, held);
    writer.incr('counter').catch((error: unknown) => {
      told[error instanceof NotAppliedError ? 'rejected' : 'other'] += 1;
      told.lateMs = Math.max(told.lateMs, Date.now() - since);
    });
  }, 10);
  await runFor(60_000);
  const [heapAfterOne, timersAfterOne] = [heapMb(), vi.getTimerCount()];
  await runFor(540_000);
  const [heapAfterTen, timersAfterTen] = [heapMb(), vi.getTimerCount()];
  clearInterval(load);
  print({
    'minutes without a master': 10,
    commands: told.issued,
    'held at most': told.held,
    'dials per second': dials / 600,
    'MB more after ten minutes than after one': heapAfterTen - heapAfterOne,
    timers: timersAfterTen,
  });
  expect(told.issued).toBeGreaterThan(59_000);
  expect(told.other).toBe(0);
  // 100 a second, 10 s each.
  expect(told.held).toBeLessThanOrEqual(1010);
  expect(told.lateMs).toBeLessThanOrEqual(10_010);
  // Four a second and node, and the first dense ten seconds.
  expect(dials / 600).toBeLessThan(3 * 6);
  expect(timersAfterTen).toBeLessThanOrEqual(timersAfterOne + 3);
  expect(heapAfterTen - heapAfterOne).toBeLessThan(5);
  await replication.onApplicationShutdown();
  await turn();
  expect(told.rejected).toBe(told.issued);
  expect(vi.getTimerCount()).toBe(0);
}, 120_000);

test('100,000 commands are held, one more is not, and all are executed in order once there is a master', async () => {
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy.stop());
  const count = 100_000;
  const { writer, whenTopology } = await openReplication([proxy.endpoint], {
    hold: { maxCommands: count, timeoutMs: 60_000 },
  });
  proxy.refuse();
  proxy.cut();
  await whenTopology(({ kind }) => kind === 'masterless');
  const heapBefore = heapMb();
  const replies = Array.from({ length: count }, () => writer.incr('held'));
  const heapHeld = heapMb();
  await expect(writer.incr('held')).rejects.toThrow('100000 commands are held already');
  const since = performance.now();
  await proxy.accept();
  expect(await Promise.all(replies)).toEqual(replies.map((_, index) => index + 1));
  const tookMs = performance.now() - since;
  replies.length = 0;
  print({
    'commands held': count,
    'bytes each': ((heapHeld - heapBefore) * 2 ** 20) / count,
    'ms until all were answered': tookMs,
    'MB left behind': heapMb() - heapBefore,
  });
  expect(heapMb() - heapBefore).toBeLessThan(15);
}, 60_000);

test('10,000 changes of the topology: listeners and memory stay as they were', async () => {
  const other = await startRedisServer();
  onTestFinished(() => other.stop());
  const nodes = [server, other] as const;
  const steady = (index: 0 | 1, generation: number): Topology => ({
    kind: 'steady',
    generation,
    cause: 'poll',
    changedAt: generation,
    master: nodes[index].endpoint,
    nodes: nodes.map(({ endpoint }, at) => ({
      endpoint,
      address: parseEndpoint(endpoint),
      kind: at === index ? 'master' : 'replica',
      role: at === index ? 'master' : 'replica',
      reachable: true,
    })),
  });
  const topology$ = new BehaviorSubject<Topology>(steady(0, 1));
  const stream = {
    topology$,
    observed$: new Subject<never>(),
    emit: () => undefined,
    close: () => undefined,
  };
  const writer = createWriter({
    stream,
    dial,
    redis: {},
    hold: { timeoutMs: 10_000, maxCommands: 10_000, maxBytes: 64_000_000 },
    replyTimeoutMs: 250,
    resend: 'reads',
    requireMajority: false,
    connectTimeoutMs: 1000,
    notices: new Notices(() => undefined),
  });
  onTestFinished(() => writer.shutDown(0));
  const change = async (generation: number) => {
    topology$.next({ kind: 'masterless', generation, cause: 'poll', changedAt: generation, nodes: [] });
    topology$.next(steady(generation % 2 === 0 ? 0 : 1, generation));
    expect(await writer.set('key', generation)).toBe('OK');
  };
  for (let generation = 2; generation <= 500; generation += 1) await change(generation);
  const before = { heap: heapMb(), listeners: countListeners(writer) };
  for (let generation = 501; generation <= 5000; generation += 1) await change(generation);
  print({ 'changes of the topology': 10_000, 'MB more than after the first 1000': heapMb() - before.heap });
  expect(countListeners(writer)).toEqual(before.listeners);
  expect(heapMb() - before.heap).toBeLessThan(8);
  for (const node of nodes) {
    // The last one of ours is on one of them; each is asked on a connection of its own.
    await until('no connection is left behind', async () => (await connectedTo(node)) <= 2);
  }
}, 120_000);

test('1,000 duplicates that were opened and closed leave nothing behind', async () => {
  const { writer, replication } = await openReplication([server.endpoint]);
  const round = async (): Promise<void> => {
    const duplicates = Array.from({ length: 100 }, () => writer.duplicate());
    const replies = await Promise.all(duplicates.map((duplicate) => duplicate.ping()));
    expect(replies.every((reply) => reply === 'PONG')).toBe(true);
    await Promise.all(
      duplicates.map(async (duplicate, index) => {
        if (index % 2 === 0) await duplicate.quit();
        else duplicate.disconnect();
      }),
    );
    await until('they are gone', async () => (await connectedTo(server)) <= connectedBefore);
  };
  const connectedBefore = await connectedTo(server);
  await round();
  const [heap, listeners] = [heapMb(), countListeners(writer)];
  for (let opened = 100; opened < 1000; opened += 100) await round();
  print({ 'duplicates opened and closed': 1000, 'MB more than after the first 100': heapMb() - heap });
  expect(countListeners(writer)).toEqual(listeners);
  expect(heapMb() - heap).toBeLessThan(5);
  await replication.onApplicationShutdown();
}, 60_000);
