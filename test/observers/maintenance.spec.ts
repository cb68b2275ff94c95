import { afterEach, describe, expect, test } from 'vitest';
import type { FakeConnection } from '../support/fake-redis.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { bulk, error, integer, nil, push, simple, type Reply } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';
import { observeOverTcp, type ObservedNode, type ObservedNodeOptions } from './observed-node.js';

const started: { node?: FakeNode; observer?: ObservedNode } = {};

afterEach(async () => {
  started.observer?.stop();
  await started.node?.stop();
});

const isRequest = (argv: readonly string[]) => argv[1] === 'MAINT_NOTIFICATIONS';

/** A node of a service that sends notices to whoever has asked for them. */
async function start(fake: FakeNodeOptions = {}, options: ObservedNodeOptions = {}) {
  const listeners: FakeConnection[] = [];
  const node = await startFakeNode({
    ...fake,
    onCommand(argv, connection) {
      if (isRequest(argv)) listeners.push(connection);
      return fake.onCommand?.(argv, connection);
    },
  });
  const observer = observeOverTcp(node.endpoint, options);
  Object.assign(started, { node, observer });
  await observer.seen(1);
  await until('the watcher is armed', () => node.commands.some(([name]) => name?.toUpperCase() === 'XREAD'));
  const tell = (...notices: readonly Reply[]) => {
    for (const notice of notices) listeners.forEach((each) => each.send(notice));
  };
  return { node, observer, tell, requests: () => node.commands.filter(isRequest) };
}

/** As the service sends them: the kind, a running number, seconds, and more. */
const moving = push(simple('MOVING'), integer(17), integer(15), nil);
const migrating = push(simple('MIGRATING'), integer(18), integer(5), bulk('1'));
const migrated = push(simple('MIGRATED'), integer(19), bulk('1'));
const failingOver = push(bulk('FAILING_OVER'), integer(20), integer(2), bulk('1'));
const failedOver = push(bulk('FAILED_OVER'), integer(21), bulk('1'));

describe('notices of maintenance', () => {
  test('are asked for once on the connection that probes, without asking for an address', async () => {
    const { observer, requests } = await start();
    for (let probe = 0; probe < 3; probe++) await observer.probe();
    expect(requests()).toEqual([['CLIENT', 'MAINT_NOTIFICATIONS', 'ON', 'moving-endpoint-type', 'none']]);
  });

  test('are asked for again on the next connection', async () => {
    const { node, observer, requests } = await start();
    node.dropConnections();
    await until('it is noticed', () => observer.signals.includes('connection closed'));
    await observer.probe();
    expect(requests()).toHaveLength(2);
  });

  test.each([
    ['the app has RESP2', {}, { redis: { protocol: 2 } }],
    [
      'the server has only RESP2',
      { onCommand: ([name]) => (name === 'HELLO' ? error("ERR unknown command 'HELLO'") : undefined) },
      {},
    ],
  ] as const satisfies readonly (readonly [string, FakeNodeOptions, ObservedNodeOptions])[])(
    'are not asked for where they cannot arrive: %s',
    async (_, fake, options) => {
      const { observer, requests } = await start(fake, options);
      await observer.probe();
      expect(requests()).toEqual([]);
    },
  );

  test.each([
    ['does not know them', "ERR unknown subcommand 'maint_notifications'. Try CLIENT HELP."],
    ['forbids CLIENT', "NOPERM this user has no permissions to run the 'client' command"],
    ['has no CLIENT', "ERR unknown command 'CLIENT', with args beginning with: 'MAINT_NOTIFICATIONS' "],
    ['has not turned them on', 'ERR maintenance notifications are disabled on this server'],
  ])('make no noise where the server %s', async (_, refusal) => {
    const { observer, requests } = await start({
      onCommand: ([name]) => (name === 'CLIENT' ? error(refusal) : undefined),
    });
    for (let probe = 0; probe < 3; probe++) {
      expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { role: 'master' } });
    }
    expect(requests()).toHaveLength(1);
    expect(observer.signals).toEqual([]);
    expect(observer.notes).toEqual([]);
  });

  test.each([
    ['MOVING', moving],
    ['MIGRATING', migrating],
    ['FAILING_OVER', failingOver],
  ])('are a reason to probe, and nothing more: %s', async (_, notice) => {
    const { observer, tell } = await start();
    tell(notice);
    await until('there is a signal', () => observer.signals.length > 0);
    expect(observer.signals).toEqual(['maintenance']);
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { role: 'master' } });
  });

  test.each([
    ['FAILED_OVER', [failingOver, failedOver]],
    ['MIGRATED', [migrating, migrated]],
  ])('are another reason at the end: %s', async (_, [beginning = moving, end = moving]) => {
    const { observer, tell } = await start();
    tell(beginning);
    await until('it has begun', () => observer.signals.length === 1);
    tell(end);
    await until('it has ended', () => observer.signals.length === 2);
    expect(observer.signals).toEqual(['maintenance', 'maintenance']);
  });

  test('mean nothing if they tell the end of what this connection has not seen begin', async () => {
    const { observer, tell } = await start();
    tell(migrated, failedOver, push(simple('SMIGRATED'), integer(1)), push(simple('invalidate'), nil));
    await observer.probe();
    expect(observer.signals).toEqual([]);
    tell(moving);
    await until('there is a signal', () => observer.signals.length > 0);
    expect(observer.signals).toEqual(['maintenance']);
  });

  test('cannot drive the probes, however many there are', async () => {
    const { observer, tell } = await start();
    tell(...Array.from({ length: 500 }, () => moving));
    // The first at once, and one for the others at the end of each pause; on a busy machine they do not arrive in one.
    await until('there are two signals', () => observer.signals.length >= 2);
    await observer.probe();
    expect(observer.signals.length).toBeLessThan(50);
  });
});
