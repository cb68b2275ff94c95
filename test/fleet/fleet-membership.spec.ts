import { afterEach, describe, expect, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { array, bulk, error, integer, map, nil, type Reply } from '../support/resp.js';
import { containing } from '../support/matchers.js';
import { until } from '../../lib/testing/servers/until.js';
import { observeOverTcp, type ObservedNode, type ObservedNodeOptions } from '../observers/observed-node.js';

const started: { node?: FakeNode; readonly observers: ObservedNode[] } = { observers: [] };

afterEach(async () => {
  started.observers.splice(0).forEach((observer) => observer.stop());
  await started.node?.stop();
});

async function start(fake: FakeNodeOptions = {}) {
  const node = await startFakeNode(fake);
  started.node = node;
  return node;
}

async function join(node: FakeNode, options: ObservedNodeOptions = {}) {
  const observer = observeOverTcp(node.endpoint, options);
  started.observers.push(observer);
  await until('the others are counted', () => observer.fleetSizes.length > 0);
  return observer;
}

const refusing = (...forbidden: readonly string[]): FakeNodeOptions => ({
  onCommand: ([name = '', word]) =>
    forbidden.includes(name.toUpperCase()) || forbidden.includes(`${name} ${word}`.toUpperCase())
      ? error(`NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`)
      : undefined,
});

/** Answers `PUBSUB NUMSUB`. */
const counting = (reply: Reply): FakeNodeOptions => ({
  onCommand: ([name]) => (name?.toUpperCase() === 'PUBSUB' ? reply : undefined),
});

const counted = (subscribers: Reply) => array(bulk('channel'), subscribers);

const count = (node: FakeNode, command: string) =>
  node.commands.filter((argv) => argv.join(' ').toUpperCase().startsWith(command)).length;

describe('an app that may use the channel', () => {
  test('counts all that subscribe on the node, itself included', async () => {
    const node = await start({ clients: 4 });
    const first = await join(node);
    const second = await join(node);
    expect(first.fleetSizes[0]).toEqual({ kind: 'counted', size: 1 });
    expect(second.fleetSizes[0]).toEqual({ kind: 'counted', size: 2 });
    expect([first.notes, second.notes]).toEqual([[], []]);
  });

  test('receives what another announces, which is no signal by itself', async () => {
    const node = await start();
    const first = await join(node);
    const second = await join(node);
    second.announce('B was promoted');
    await until('it is received', () => first.announcements.length > 0);
    expect(first.announcements).toEqual(['B was promoted']);
    expect(first.signals).toEqual([]);
  });

  test.each<[string, number, Reply, number]>([
    ['more subscribers than it has clients', 12, counted(integer(400_000_000)), 6],
    ['more subscribers than there can be', 12, counted(integer(2 ** 53)), 6],
    ['fewer subscribers than none', 12, counted(integer(-5)), 6],
    ['subscribers that are no number', 12, counted(bulk('many')), 6],
    ['subscribers that are a list', 12, counted(array(integer(7))), 6],
    ['a number in place of a list', 12, integer(7), 6],
    ['nothing', 12, nil, 6],
    ['an empty list', 12, array(), 6],
    ['a map', 12, map({ channel: integer(400_000_000) }), 6],
    ['more subscribers, and as many clients', 2_147_483_647, counted(integer(400_000_000)), 10_000],
    ['more subscribers, and more clients than there can be', 1e20, counted(integer(400_000_000)), 2000],
  ])('believes no more than can be, if a node tells of %s', async (_, ...[clients, reply, size]) => {
    const node = await start({ clients, ...counting(reply) });
    const observer = await join(node);
    expect(observer.fleetSizes[0]).toEqual({ kind: 'counted', size });
    expect(observer.notes).toEqual([]);
  });

  test('and may not run INFO believes no more than 2,000 subscribers', async () => {
    const { onCommand: refuse } = refusing('INFO');
    const { onCommand: lie } = counting(counted(integer(400_000_000)));
    const node = await start({ onCommand: (...call) => refuse?.(...call) ?? lie?.(...call) });
    const observer = await join(node);
    expect(observer.fleetSizes[0]).toEqual({ kind: 'counted', size: 2000 });
  });

  test('does not ask how many clients there are if it is alone', async () => {
    const node = await start();
    await join(node);
    expect(count(node, 'INFO CLIENTS')).toBe(0);
  });

  test('ignores a message that is longer than any announcement', async () => {
    const node = await start();
    const first = await join(node);
    const second = await join(node);
    second.announce('x'.repeat(1_000_000));
    second.announce('B was promoted');
    await until('it is received', () => first.announcements.length > 0);
    expect(first.announcements).toEqual(['B was promoted']);
  });

  test('goes on probing on the same connection', async () => {
    const node = await start();
    const observer = await join(node);
    node.update({ offset: 77 });
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { offset: 77 } });
    expect(node.connections).toBe(2);
  });

  test('counts the others rarely, and only after a probe', async () => {
    const node = await start();
    const observer = await join(node);
    expect(count(node, 'PUBSUB')).toBe(1);
    for (let probe = 0; probe < 5; probe++) await observer.probe();
    expect(count(node, 'PUBSUB')).toBe(1);
  });

  test('joins again on the next connection', async () => {
    const node = await start();
    const observer = await join(node);
    node.dropConnections();
    await until('the signal is emitted', () => observer.signals.length > 0);
    await observer.probe();
    await until('it subscribes again', () => count(node, 'SUBSCRIBE') === 2);
    expect(observer.notes).toEqual([]);
  });
});

describe('an app that receives no announcements', () => {
  test('because it uses RESP2 estimates the fleet by the clients of the node, and can still probe', async () => {
    const node = await start({ clients: 90 });
    const observer = await join(node, { redis: { protocol: 2 } });
    expect(observer.fleetSizes[0]).toEqual({ kind: 'estimated', size: 30 });
    expect(count(node, 'SUBSCRIBE')).toBe(0);
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
    expect(observer.notes).toEqual([]);
  });

  test.each([
    ['SUBSCRIBE', { kind: 'estimated', size: 4 }],
    ['PUBSUB', { kind: 'estimated', size: 4 }],
  ])('because the user may not run %s estimates as well, and logs it once', async (forbidden, size) => {
    const node = await start({ clients: 12, ...refusing(forbidden) });
    const observer = await join(node);
    expect(observer.fleetSizes[0]).toEqual(size);
    expect(observer.notes).toEqual([containing('the user may not use the channel "channel"')]);
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
  });

  test('because it may not PUBLISH finds out when it has something to announce', async () => {
    const node = await start({ clients: 12, ...refusing('PUBLISH') });
    const observer = await join(node);
    observer.announce('B was promoted');
    await until('it estimates', () => observer.fleetSizes.length > 1);
    expect(observer.fleetSizes.at(-1)).toEqual({ kind: 'estimated', size: 4 });
    expect(observer.notes).toEqual([containing('the user may not use the channel')]);
  });

  test('and may not run INFO either does not know the size of the fleet', async () => {
    const node = await start(refusing('SUBSCRIBE', 'INFO'));
    const observer = await join(node, { redis: { protocol: 2 } });
    expect(observer.fleetSizes[0]).toEqual({ kind: 'unknown' });
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { role: 'master' } });
  });
});
