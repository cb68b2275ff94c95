import type { Redis } from 'ioredis';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { countNodes } from '../support/counted-nodes.js';
import { allFailovers, announcedFailovers, unannouncedFailovers } from '../support/failovers.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { measureTraffic, type Traffic } from '../support/traffic.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

interface BlockingCommand {
  readonly name: string;
  readonly prepare?: (node: RedisServer) => Promise<unknown>;
  readonly issue: (redis: Redis) => Promise<unknown>;
  readonly feed: (redis: Redis) => Promise<unknown>;
  readonly reply: unknown;
}

const blockingWrites: readonly BlockingCommand[] = [
  {
    name: 'BLPOP',
    issue: (redis) => redis.blpop('queue', 0),
    feed: (redis) => redis.rpush('queue', 'job'),
    reply: ['queue', 'job'],
  },
  {
    name: 'BZPOPMIN',
    issue: (redis) => redis.bzpopmin('queue', 0),
    feed: (redis) => redis.zadd('queue', 1, 'job'),
    reply: ['queue', 'job', expect.toSatisfy((score) => Number(score) === 1)],
  },
  {
    name: 'XREADGROUP',
    prepare: (node) => node.command('XGROUP', 'CREATE', 'queue', 'workers', '$', 'MKSTREAM'),
    issue: (redis) => redis.xreadgroup('GROUP', 'workers', 'one', 'BLOCK', 0, 'STREAMS', 'queue', '>'),
    feed: (redis) => redis.xadd('queue', '*', 'name', 'job'),
    reply: [['queue', [[expect.any(String), ['name', 'job']]]]],
  },
];

async function open(prepare?: BlockingCommand['prepare']) {
  const roles = rolesOf(group);
  await prepare?.(roles.master);
  await whenInSync(roles.master, group.replicas);
  const nodes = countNodes(group.endpoints);
  const opened = await openReplication(nodes.source, { pollIntervalMs });
  const duplicate = opened.writer.duplicate();
  onTestFinished(() => duplicate.disconnect());
  await emitted(duplicate, 'ready');
  // The two nodes that are there in any case.
  const lasting = [roles.heir, roles.other];
  const lookedAt = () => Promise.all(lasting.map(({ endpoint }) => nodes.whenProbed(endpoint, 10)));
  return { opened, ...roles, roles, duplicate, measure: () => measureTraffic(lasting, lookedAt) };
}

/** Ids of our clients that wait at a node in this command; the watcher of the library waits there as well. */
async function waitingAt(node: RedisServer, command: string): Promise<readonly string[]> {
  const clients = String(await node.command('CLIENT', 'LIST')).split('\n');
  return clients
    .filter((client) => client.includes(`cmd=${command.toLowerCase()} `) && !client.includes(':watcher'))
    .filter((client) => /\bflags=b\b/.test(client))
    .flatMap((client) => /\bid=(\d+)/.exec(client)?.[1] ?? []);
}

const whenWaitingAt = (node: RedisServer, command: string) =>
  until(`${command} waits at ${node.endpoint}`, async () => (await waitingAt(node, command)).length === 1);

const pollIntervalMs = 100;
/** A look each 90 ms at most, the acknowledgements of two replicas each second, and as much again to be sure. */
const commandsPerSecondInCalm = 2 * (1000 / (0.9 * pollIntervalMs) + 2);
/** A look each 5 ms, and as much again. */
const commandsPerSecondOfSweep = 2 * (1000 / 5);
/** A sweep begins with looks each 1 ms, and reaches 5 ms after 20: that are up to 12 before the rate above holds. */
const commandsOfOpening = 12;
/** Observer, watcher, writer and reader may each find their node once more, when the last replica is late, say. */
const dialsOfSettling = 4;

/** A failover ends with looks that are dense; what waits must not keep them so. */
async function whenCalm(measure: () => Promise<Traffic>): Promise<void> {
  const seen: Traffic[] = [];
  const isCalm = async () => {
    const traffic = await measure();
    seen.push(traffic);
    const { seconds, commands, dials } = traffic;
    return dials <= dialsOfSettling && commands <= 1 + commandsPerSecondInCalm * seconds;
  };
  await until('all is calm', isCalm, { timeoutMs: 10_000, state: () => seen });
}

describe.each(blockingWrites)('$name', ({ name, prepare, issue, feed, reply }) => {
  test.each(Object.entries(announcedFailovers))(
    'goes on at the new master: %s',
    async (_failover, failover) => {
      const { opened, roles, duplicate, master, heir, measure } = await open(prepare);
      const popped = issue(duplicate);
      await whenWaitingAt(master, name);
      await whenCalm(measure);
      await failover(roles, opened);
      await whenWaitingAt(heir, name);
      await whenCalm(measure);
      await feed(opened.writer);
      expect(await popped).toEqual(reply);
    },
  );

  test.each(Object.entries(unannouncedFailovers))(
    'ends with an unknown outcome, and can be issued again: %s',
    async (_failover, failover) => {
      const { opened, roles, duplicate, master, heir, measure } = await open(prepare);
      const failed = issue(duplicate).catch((error: unknown) => error);
      await whenWaitingAt(master, name);
      await failover(roles, opened);
      const error = await failed;
      expect(error).toBeInstanceOf(UnknownOutcomeError);
      expect(error).toMatchObject({ command: name.toLowerCase(), node: master.endpoint });
      const popped = issue(duplicate);
      await whenWaitingAt(heir, name);
      await whenCalm(measure);
      await feed(opened.writer);
      expect(await popped).toEqual(reply);
    },
  );
});

describe('a command that blocks', () => {
  test('waits while there is no master, and nothing is sent for it', async () => {
    const { opened, duplicate, master, heir, measure } = await open();
    const popped = duplicate.blpop('queue', 0);
    await whenWaitingAt(master, 'BLPOP');
    await follow(master, heir);
    await opened.whenTopology(({ kind }) => kind === 'masterless');
    await heir.command('CONFIG', 'RESETSTAT');
    const { seconds, commands, dials } = await measure();
    expect(dials).toBeLessThanOrEqual(dialsOfSettling);
    expect(commands).toBeLessThanOrEqual(1 + commandsOfOpening + commandsPerSecondOfSweep * seconds);
    expect(String(await heir.command('INFO', 'commandstats'))).not.toContain('cmdstat_blpop');
    await promote(heir);
    await whenWaitingAt(heir, 'BLPOP');
    await opened.writer.rpush('queue', 'job');
    expect(await popped).toEqual(['queue', 'job']);
  });

  test.each<[string, (redis: Redis) => Promise<unknown>]>([
    ['BLPOP', (redis) => redis.blpop('queue', 0)],
    ['XREAD', (redis) => redis.xread('BLOCK', 0, 'STREAMS', 'queue', '$')],
  ])('goes on through a failover an hour after another one: %s', async (name, issue) => {
    // The clock only; timers run as ever.
    const [clock, jump] = [performance.now.bind(performance), { ms: 0 }];
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock() + jump.ms);
    onTestFinished(() => spy.mockRestore());
    const { opened, duplicate, master, heir, measure } = await open();
    const ended = issue(duplicate).then(
      () => 'it was answered',
      (error: unknown) => error,
    );
    await whenWaitingAt(master, name);
    await follow(master, heir);
    await promote(heir);
    await whenWaitingAt(heir, name);
    await whenInSync(heir, [master]);
    jump.ms = 3_600_000;
    await follow(heir, master);
    await opened.whenTopology(({ kind }) => kind === 'masterless');
    await measure();
    await promote(master);
    await opened.whenMaster(master);
    // It either waits there or was given up.
    await Promise.race([whenWaitingAt(master, name), ended]);
    await (name === 'BLPOP'
      ? opened.writer.rpush('queue', 'job')
      : opened.writer.xadd('queue', '*', 'a', 'b'));
    expect(await ended).toBe('it was answered');
  });

  test('ends with what the server says when an operator unblocks it', async () => {
    const { duplicate, master } = await open();
    const popped = duplicate.blpop('queue', 0).catch((error: unknown) => error);
    await whenWaitingAt(master, 'BLPOP');
    const [id = 'none'] = await waitingAt(master, 'BLPOP');
    await master.command('CLIENT', 'UNBLOCK', id, 'ERROR');
    expect(String(await popped)).toBe('ReplyError: UNBLOCKED client unblocked via CLIENT UNBLOCK');
  });

  test('on the reader goes on when its node gets another master', async () => {
    const { opened, roles } = await open();
    const read = opened.reader.xread('BLOCK', 0, 'STREAMS', 'stream', '$');
    const whenReading = (nodes: readonly RedisServer[]) =>
      until('the reader waits', async () => {
        const waiting = await Promise.all(nodes.map((node) => waitingAt(node, 'XREAD')));
        return waiting.flat().length === 1;
      });
    await whenReading(group.nodes);
    await allFailovers['a planned swap'](roles, opened);
    await whenInSync(roles.heir, [roles.master, roles.other]);
    await whenReading([roles.master, roles.other]);
    await opened.writer.xadd('stream', '*', 'name', 'value');
    expect(await read).toEqual([['stream', [[expect.any(String), ['name', 'value']]]]]);
  });
});

describe.each(Object.entries(allFailovers))('%s', (_name, failover) => {
  test('XREAD goes on at the new master', async () => {
    const { opened, roles, duplicate, master, heir, measure } = await open();
    const read = duplicate.xread('BLOCK', 0, 'STREAMS', 'stream', '$');
    await whenWaitingAt(master, 'XREAD');
    await failover(roles, opened);
    await whenWaitingAt(heir, 'XREAD');
    await whenCalm(measure);
    await opened.writer.xadd('stream', '*', 'name', 'value');
    expect(await read).toEqual([['stream', [[expect.any(String), ['name', 'value']]]]]);
  });

  test('subscriptions go on at the new master', async () => {
    const { opened, roles, duplicate, heir, measure } = await open();
    const messages: string[] = [];
    duplicate.on('message', (channel: string, text: string) => messages.push(`${channel} ${text}`));
    duplicate.on('pmessage', (pattern: string, _channel: string, text: string) =>
      messages.push(`${pattern} ${text}`),
    );
    await duplicate.subscribe('news');
    await duplicate.psubscribe('log:*');
    await failover(roles, opened);
    await until('it has subscribed', async () => {
      const channels = await heir.command('PUBSUB', 'NUMSUB', 'news');
      return Array.isArray(channels) && channels[1] === 1 && (await heir.command('PUBSUB', 'NUMPAT')) === 1;
    });
    await whenCalm(measure);
    await opened.writer.publish('news', 'one');
    await opened.writer.publish('log:app', 'two');
    await until('both arrived', () => messages.length >= 2);
    expect(messages).toEqual(['news one', 'log:* two']);
  });

  test('MONITOR goes on at the new master', async () => {
    const { opened, roles, heir, measure } = await open();
    const monitor = await openMonitor(opened.writer);
    const seen = new Set<string>();
    monitor.on('monitor', (_time: string, args: readonly string[]) => seen.add(args.join(' ')));
    await opened.writer.set('key', 'before');
    await until('the old master is monitored', () => seen.has('set key before'));
    await failover(roles, opened);
    const monitors = async () =>
      String(await heir.command('CLIENT', 'LIST')).match(/\bflags=\w*O/g)?.length ?? 0;
    await until('it monitors', async () => (await monitors()) > 0);
    await whenCalm(measure);
    await opened.writer.set('key', 'after');
    await until('the new master is monitored', () => seen.has('set key after'));
    expect(await monitors()).toBe(1);
  });

  /** ioredis rejects where the first line comes in one packet with the reply to `MONITOR`, and monitors nevertheless. */
  async function openMonitor(redis: Redis): Promise<Redis> {
    const monitor = redis.duplicate({ monitor: true });
    onTestFinished(() => monitor.disconnect());
    await new Promise((resolve) => void monitor.once('monitoring', resolve));
    return monitor;
  }
});
