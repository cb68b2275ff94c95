import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { plannedSwap, promote, whenOnHistoryOf } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';
import { createUser } from '../support/users.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** Messages as they arrive: the channel and the text of each. */
function listenTo(subscriber: Redis): readonly string[] {
  const messages: string[] = [];
  subscriber.on('message', (channel: string, text: string) => messages.push(`${channel} ${text}`));
  subscriber.on('pmessage', (pattern: string, channel: string, text: string) =>
    messages.push(`${pattern} ${channel} ${text}`),
  );
  return messages;
}

async function whenSubscribed(node: RedisServer, channel: string): Promise<void> {
  await until(`somebody has subscribed to ${channel} on ${node.endpoint}`, async () => {
    const reply = await node.command('PUBSUB', 'NUMSUB', channel);
    return Array.isArray(reply) && Number(reply[1]) > 0;
  });
}

async function whenNobodyIsSubscribed(node: RedisServer, channel: string): Promise<void> {
  await until(`nobody has subscribed to ${channel} on ${node.endpoint}`, async () => {
    const reply = await node.command('PUBSUB', 'NUMSUB', channel);
    return Array.isArray(reply) && Number(reply[1]) === 0;
  });
}

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test('subscriptions go on at the new master after a planned swap', async () => {
    const { writer } = await openReplication(group.endpoints, { redis: { protocol } });
    const { heir } = rolesOf(group);
    const subscriber = writer.duplicate();
    onTestFinished(() => subscriber.disconnect());
    const messages = listenTo(subscriber);
    await subscriber.subscribe('news', 'alarms');
    await subscriber.psubscribe('log:*');
    await plannedSwap(group.nodes, heir);
    await whenSubscribed(heir, 'news');
    await until(
      'the pattern is subscribed to as well',
      async () => (await heir.command('PUBSUB', 'NUMPAT')) === 1,
    );
    await writer.publish('news', 'one');
    await writer.publish('alarms', 'two');
    await writer.publish('log:app', 'three');
    await until('all arrived', () => messages.length >= 3);
    expect(messages).toEqual(['news one', 'alarms two', 'log:* log:app three']);
  });

  test('subscriptions survive two failovers, one of them a crash', async () => {
    const { writer } = await openReplication(group.endpoints, { redis: { protocol } });
    const { master, heir, other } = rolesOf(group);
    const subscriber = writer.duplicate();
    onTestFinished(() => subscriber.disconnect());
    const messages = listenTo(subscriber);
    await subscriber.subscribe('news');
    await plannedSwap([master, heir], heir);
    await whenSubscribed(heir, 'news');
    // It follows the old master. Promoted before it has heard of the heir, it could not be told from a rival of the heir.
    await whenOnHistoryOf(heir, other);
    await heir.kill();
    await promote(other);
    await whenSubscribed(other, 'news');
    await writer.publish('news', 'one');
    await until('it arrived', () => messages.length > 0);
    expect(messages).toEqual(['news one']);
  });

  test('what is subscribed to and given up without a master is so at the next one', async () => {
    const proxy = await startProxy(group.master.port);
    onTestFinished(() => proxy.stop());
    const { writer } = await openReplication([proxy.endpoint], { redis: { protocol } });
    const subscriber = writer.duplicate();
    onTestFinished(() => subscriber.disconnect());
    const messages = listenTo(subscriber);
    await subscriber.subscribe('old', 'kept');
    const closed = emitted(subscriber, 'close');
    proxy.refuse();
    proxy.cut();
    await closed;
    const changes = [subscriber.unsubscribe('old'), subscriber.subscribe('new')];
    await proxy.accept();
    await Promise.all(changes);
    await whenSubscribed(group.master, 'kept');
    await whenNobodyIsSubscribed(group.master, 'old');
    await group.master.command('PUBLISH', 'old', 'lost');
    await group.master.command('PUBLISH', 'new', 'one');
    await group.master.command('PUBLISH', 'kept', 'two');
    await until('both arrived', () => messages.length >= 2);
    expect(messages).toEqual(['new one', 'kept two']);
  });
});

test('a subscriber that lost its connection in the middle of subscribing is subscribed in the end', async () => {
  const proxy = await startProxy(group.master.port);
  onTestFinished(() => proxy.stop());
  const { writer } = await openReplication([proxy.endpoint]);
  const subscriber = writer.duplicate();
  onTestFinished(() => subscriber.disconnect());
  await emitted(subscriber, 'ready');
  proxy.swallowReplies();
  const subscribed = subscriber.subscribe('news');
  await whenSubscribed(group.master, 'news');
  proxy.cut();
  proxy.heal();
  expect(await subscribed).toBe(1);
  await whenSubscribed(group.master, 'news');
});

test('a reader can subscribe, and goes on at another node when its node dies', async () => {
  const { reader, replication, whenTopology } = await openReplication(group.endpoints, {
    readFrom: 'replica',
  });
  const messages = listenTo(reader);
  await reader.subscribe('news');
  const port = Number(reader.stream.remotePort);
  const [gone, left] = group.replicas.toSorted((a) => (a.port === port ? -1 : 1));
  await gone?.kill();
  await whenTopology(({ nodes }) => nodes.some(({ kind }) => kind === 'unusable'));
  expect(replication.latest.kind).toBe('steady');
  if (left !== undefined) await whenSubscribed(left, 'news');
  await group.master.command('PUBLISH', 'news', 'one');
  await until('it arrived', () => messages.length > 0);
  expect(messages).toEqual(['news one']);
});

test('a subscriber whose user may not run INFO is connected anew after its master was silent, for it may be another process', async () => {
  const user = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all', '-info'] };
  await createUser(group.nodes, user);
  const redis = { username: user.name, password: user.password };
  const options = { redis, replyTimeoutMs: 250 };
  const { writer, whenTopology } = await openReplication(group.endpoints, options);
  const { master } = rolesOf(group);
  const subscriber = writer.duplicate();
  onTestFinished(() => subscriber.disconnect());
  const messages = listenTo(subscriber);
  await subscriber.subscribe('news');
  const reconnected = emitted(subscriber, 'ready');
  master.hang();
  await whenTopology(({ kind }) => kind === 'masterless');
  master.resume();
  await reconnected;
  await whenSubscribed(master, 'news');
  await master.command('PUBLISH', 'news', 'hello');
  await until('the message arrives', () => messages.includes('news hello'));
});
