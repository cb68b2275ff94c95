import { Observable } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { fakeId } from '../support/fake-node-state.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { error, simple } from '../support/resp.js';
import { containing, matching } from '../support/matchers.js';
import { until } from '../../lib/testing/servers/until.js';
import { observeOverTcp, type ObservedNode, type ObservedNodeOptions } from './observed-node.js';

const started: { node?: FakeNode; observer?: ObservedNode } = {};

afterEach(async () => {
  started.observer?.stop();
  await started.node?.stop();
});

async function start(fake: FakeNodeOptions = {}, options: ObservedNodeOptions = {}) {
  const node = await startFakeNode(fake);
  const observer = observeOverTcp(node.endpoint, options);
  Object.assign(started, { node, observer });
  return { node, observer };
}

const count = (fake: FakeNode, command: string) =>
  fake.commands.filter((argv) => argv.join(' ').toLowerCase().startsWith(command)).length;

const armed = (fake: FakeNode, times = 1) =>
  until(`the watcher is armed ${times} times`, () => count(fake, 'xread') >= times, {
    state: () => fake.commands,
  });

describe('a healthy node', () => {
  test('is observed with all that it reports', async () => {
    const { observer } = await start({ offset: 42, replid2: fakeId('before'), secondOffset: 7 });
    expect(await observer.seen(1)).toMatchObject({
      kind: 'answered',
      report: {
        role: 'master',
        runId: fakeId('run'),
        offset: 42,
        history: { id: fakeId('replication'), previous: { id: fakeId('before'), from: 7 } },
      },
      signal: { kind: 'poll' },
    });
  });

  test('is probed on one connection and watched on another, however often it is probed', async () => {
    const { node, observer } = await start();
    await observer.seen(1);
    await armed(node);
    for (let probe = 0; probe < 5; probe++) await observer.probe();
    expect(node.connections).toBe(2);
    expect(count(node, 'xread')).toBe(1);
    expect(count(node, 'info replication')).toBe(6);
    expect(observer.signals).toEqual([]);
    expect(observer.notes).toEqual([]);
  });

  test('is watched by a read that waits without end on the probe key', async () => {
    const { node } = await start();
    await armed(node);
    const watching = node.commands.find(([name]) => name?.toLowerCase() === 'xread');
    expect(watching?.map((word) => word.toLowerCase())).toEqual([
      'xread',
      'block',
      '0',
      'streams',
      'probe',
      '$',
    ]);
  });

  test('has no connection once the observer is unsubscribed', async () => {
    const { node, observer } = await start();
    await armed(node);
    observer.stop();
    await until('no connection is left', () => node.connections === 0);
    expect(observer.signals).toEqual([]);
  });
});

describe('a node that hangs', () => {
  test('times out, emits one signal, and answers again when it resumes', async () => {
    const { node, observer } = await start({}, { replyTimeoutMs: 150 });
    expect(await observer.seen(1)).toMatchObject({ kind: 'answered' });
    node.hang();
    expect(await observer.probe()).toMatchObject({
      kind: 'faulty',
      fault: 'TIMEOUT',
      message: 'no answer within 150 ms',
      signal: { kind: 'reply timed out', endpoint: node.endpoint },
    });
    expect(await observer.probe()).toMatchObject({
      kind: 'faulty',
      fault: 'TIMEOUT',
      message: 'no connection within 300 ms',
      signal: { kind: 'poll' },
    });
    expect(observer.signals).toEqual(['reply timed out']);
    node.resume();
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { role: 'master' } });
  });

  test('keeps no connection open that was given up', async () => {
    const { node, observer } = await start({}, { replyTimeoutMs: 150 });
    await observer.seen(1);
    node.hang();
    await observer.probe();
    await observer.probe();
    await until('no connection is left', () => node.connections === 0);
    expect(observer.observations.at(-1)).toMatchObject({ fault: 'TIMEOUT' });
  });

  test('is not asked any more whether it is paused when the observer is unsubscribed, or once it answers', async () => {
    let asked = 0;
    let asking = 0;
    const isServing = () =>
      new Observable<boolean>(() => {
        asked += 1;
        asking += 1;
        return () => (asking -= 1);
      });
    const { node, observer } = await start({}, { replyTimeoutMs: 150, isServing });
    await observer.seen(1);
    node.hang();
    await observer.probe();
    node.resume();
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
    expect([asked, asking]).toEqual([1, 0]);
    node.hang();
    await observer.probe();
    void observer.probe().catch(() => undefined);
    await until('it is asked again', () => asked === 2);
    observer.stop();
    expect(asking).toBe(0);
  });

  test('is disconnected during the dial when the observer is unsubscribed', async () => {
    const node = await startFakeNode();
    node.hang();
    const observer = observeOverTcp(node.endpoint);
    Object.assign(started, { node, observer });
    await until('it is dialled', () => node.connections === 1);
    observer.stop();
    await until('no connection is left', () => node.connections === 0);
    expect(observer.observations).toEqual([]);
  });
});

describe('a connection that is closed', () => {
  test('between two probes is a signal, and the next probe opens a new one', async () => {
    const { node, observer } = await start();
    await observer.seen(1);
    await armed(node);
    node.dropConnections();
    await until('the signal is emitted', () => observer.signals.length > 0);
    expect(new Set(observer.signals)).toEqual(new Set(['connection closed']));
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
  });

  test('during a probe is replaced at once, within the same probe', async () => {
    const drops = ['the second probe'];
    const { node, observer } = await start({
      onCommand: ([name, section]) =>
        name === 'INFO' &&
        section === 'replication' &&
        started.node?.state.offset === 1 &&
        drops.pop() !== undefined
          ? 'drop'
          : undefined,
    });
    await observer.seen(1);
    node.update({ offset: 1 });
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { offset: 1 } });
    expect(drops).toEqual([]);
    expect(observer.observations).toHaveLength(2);
  });

  test('because one reply is broken is replaced at once, within the same probe', async () => {
    const broken = ['the second probe'];
    const { node, observer } = await start({
      onCommand: ([name, section]) =>
        name === 'INFO' &&
        section === 'replication' &&
        started.node?.state.offset === 1 &&
        broken.pop() !== undefined
          ? simple('half a line\nand the rest')
          : undefined,
    });
    await observer.seen(1);
    node.update({ offset: 1 });
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { offset: 1 } });
    expect(broken).toEqual([]);
  });

  test('because every reply is broken is a fault of the node', async () => {
    const { observer } = await start({
      onCommand: ([name]) => (name === 'INFO' ? simple('half a line\nand the rest') : undefined),
    });
    const faulty = {
      kind: 'faulty',
      fault: 'ERROR',
      message: 'the server sent a malformed reply: a line has no end',
    };
    expect(await observer.seen(1)).toMatchObject(faulty);
    expect(await observer.probe()).toMatchObject(faulty);
  });

  test('because the server is down is a refusal, which emits one signal', async () => {
    const { node, observer } = await start();
    await observer.seen(1);
    await armed(node);
    node.refuseConnections();
    node.dropConnections();
    await until('the close emits a signal', () => observer.signals.includes('connection closed'));
    expect(await observer.probe()).toMatchObject({
      kind: 'faulty',
      fault: 'REFUSED',
      message: containing('ECONNREFUSED'),
      signal: { kind: 'connection failed', endpoint: node.endpoint },
    });
    await observer.probe();
    expect(observer.signals.filter((kind) => kind === 'connection failed')).toHaveLength(1);
    await node.acceptConnections();
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
  });
});

describe('the watcher', () => {
  test('emits a signal for a demotion at once, and is armed again', async () => {
    const { node, observer } = await start();
    await armed(node);
    node.become('replica', { master: '10.0.0.9:6379' });
    await until('the signal is emitted', () => observer.signals.length > 0);
    expect(observer.signals[0]).toBe('unblocked');
    await armed(node, 2);
    expect(await observer.probe()).toMatchObject({
      report: { role: 'replica', named: [{ host: '10.0.0.9', port: 6379 }] },
    });
  });

  test('of a user who may not run XREAD is given up with one notice, and probing goes on', async () => {
    const { node, observer } = await start({
      onCommand: ([name]) =>
        name === 'XREAD'
          ? error("NOPERM this user has no permissions to run the 'xread' command")
          : undefined,
    });
    await until('it is noticed', () => observer.notes.length > 0);
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
    expect(await observer.probe()).toMatchObject({ kind: 'answered' });
    await until('the watcher is gone', () => node.connections === 1);
    expect(observer.notes).toEqual([
      'the user may not run XREAD on the probe key in database 0: a demotion is detected only by the next poll, not at once',
    ]);
    expect(count(node, 'xread')).toBe(1);
    expect(observer.signals).toEqual([]);
  });

  test('reads in the database of the app, because the user may have no access to another', async () => {
    const selected = new Map<FakeConnection, string>();
    const { node, observer } = await start(
      {
        onCommand([name = '', database = ''], connection) {
          if (name.toUpperCase() === 'SELECT') selected.set(connection, database);
          return name === 'XREAD' && selected.get(connection) !== '1'
            ? error('NOPERM No permissions to access database')
            : undefined;
        },
      },
      { redis: { db: 1 } },
    );
    await armed(node);
    node.become('replica');
    await until('the signal is emitted', () => observer.signals.length > 0);
    expect(observer.signals[0]).toBe('unblocked');
    expect(observer.notes).toEqual([]);
  });

  test('names the database in which the user may not read', async () => {
    const { observer } = await start(
      {
        onCommand: ([name = '']) =>
          ['SELECT', 'XREAD'].includes(name.toUpperCase())
            ? error('NOPERM No permissions to access database')
            : undefined,
      },
      { redis: { db: 3 } },
    );
    await until('it is noticed', () => observer.notes.length > 0);
    expect(observer.notes).toEqual([containing('in database 3')]);
  });

  test('that cannot be armed tries again and emits no signal, because that proves nothing about the node', async () => {
    const { node, observer } = await start({
      onCommand: ([name]) =>
        name === 'XREAD' && started.node !== undefined && count(started.node, 'xread') < 3
          ? error('BUSY Redis is busy running a script.')
          : undefined,
    });
    await armed(node, 3);
    expect(observer.signals).toEqual([]);
    expect(observer.notes).toEqual([]);
  });
});

describe('a user who may not run INFO', () => {
  test('learns the role, and gets a notice of what is missing', async () => {
    const { observer } = await start({
      role: 'replica',
      onCommand: ([name]) =>
        name === 'INFO' ? error("NOPERM this user has no permissions to run the 'info' command") : undefined,
    });
    expect(await observer.seen(1)).toMatchObject({
      kind: 'answered',
      report: { role: 'replica', named: [] },
    });
    await observer.probe();
    expect(observer.notes).toEqual([matching(/^the user may not run INFO; HELLO reports the role, but/)]);
  });
});

describe('a node that cannot be used', () => {
  test.each([
    ['a Sentinel', { redisMode: 'sentinel' }, 'SENTINEL'],
    ['a node of a cluster', { redisMode: 'cluster' }, 'CLUSTER'],
  ] as const)('because it is %s is faulty, and is not watched', async (_, fake, fault) => {
    const { node, observer } = await start(fake);
    expect(await observer.seen(1)).toMatchObject({ kind: 'faulty', fault });
    await observer.probe();
    expect(count(node, 'xread')).toBe(0);
    expect(node.connections).toBe(1);
  });

  test('because it is loading is probed until it has loaded', async () => {
    const { node, observer } = await start({ loading: true });
    expect(await observer.seen(1)).toMatchObject({ kind: 'faulty', fault: 'LOADING' });
    expect(await observer.probe()).toMatchObject({ kind: 'faulty', fault: 'LOADING' });
    node.update({ loading: false });
    expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { runId: fakeId('run') } });
    await armed(node);
  });

  test('because the password is missing reports that', async () => {
    const { observer } = await start({ onCommand: () => error('NOAUTH Authentication required.') });
    expect(await observer.seen(1)).toMatchObject({
      fault: 'NOAUTH',
      message: 'NOAUTH Authentication required.',
      signal: { kind: 'poll' },
    });
    expect(observer.signals).toEqual([]);
  });

  test('never shows a credential that the server quotes', async () => {
    const { observer } = await start(
      {
        onCommand: ([name, ...words]) =>
          error(`ERR unknown command '${name}', with args beginning with: '${words.join("' '")}' `),
      },
      { redis: { username: 'app', password: 's3cret' } },
    );
    const observation = await observer.seen(1);
    expect(observation).toMatchObject({ kind: 'faulty', fault: 'ERROR' });
    expect(JSON.stringify([observation, observer.notes])).not.toContain('s3cret');
  });
});

test('during a busy script reports the role on a new connection, and everything else after the script', async () => {
  const { node, observer } = await start({
    onCommand: ([name]) =>
      name === 'INFO' && started.node?.state.offset === 0
        ? error('BUSY Redis is busy running a script.')
        : undefined,
  });
  expect(await observer.seen(1)).toMatchObject({ kind: 'answered', report: { role: 'master', named: [] } });
  node.update({ offset: 1 });
  expect(await observer.probe()).toMatchObject({
    report: { role: 'master', runId: fakeId('run'), offset: 1 },
  });
  expect(observer.signals).toEqual([]);
  expect(observer.notes).toEqual([]);
});
