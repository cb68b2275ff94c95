import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { openReplication } from '../support/open-replication.js';
import { containing } from '../support/matchers.js';
import { startApp } from '../support/test-app.js';
import { knowsOption } from '../support/server-under-test.js';

const limitMs = 60_000;

async function roleOf(node: RedisServer): Promise<string | undefined> {
  return (await readInfo(node, 'replication')).get('role');
}

describe('a group with two replicas', () => {
  let group: RedisGroup;

  beforeAll(async () => {
    group = await startRedisGroup({ replicas: 2 });
  }, limitMs);

  afterEach(() => group.restore(), limitMs);

  afterAll(() => group?.stop());

  function first(): RedisServer {
    const [replica] = group.replicas;
    if (replica === undefined) throw new Error('The group has two replicas');
    return replica;
  }

  test.each(['planned', 'kill', 'hang'] as const)(
    'an app follows a failover: %s',
    async (kind) => {
      const { writer, whenMaster } = await openReplication(group.source);
      await writer.set('key', 'before');
      const { from, to, promotedAt } = await group.failOver(kind);
      expect(from).toBe(group.master);
      expect(group.replicas).toContain(to);
      expect(promotedAt).toBeLessThanOrEqual(performance.now());
      expect(from.state).toBe({ planned: 'running', kill: 'ended', hang: 'hung' }[kind]);
      await whenMaster(to);
      expect(await writer.set('key', 'after')).toBe('OK');
      expect(await to.command('GET', 'key')).toBe('after');
    },
    limitMs,
  );

  test('a second failover replaces the master of the first', async () => {
    const { to } = await group.failOver('kill', { to: first(), outageMs: 20 });
    expect(to).toBe(first());
    const second = await group.failOver('planned');
    expect([second.from, second.to]).toEqual([first(), group.replicas[1]]);
  });

  test.each(['kill', 'hang'] as const)('nobody is promoted before the end of an outage: %s', async (kind) => {
    const { writer, whenTopology } = await openReplication(group.source);
    const held: Promise<unknown>[] = [];
    const { promotedAt } = await group.failOver(kind, {
      duringOutage: async () => {
        await whenTopology((topology) => topology.kind === 'masterless');
        held.push(writer.incr('counter').then(() => performance.now()));
        expect(await Promise.all(group.replicas.map(roleOf))).toEqual(['slave', 'slave']);
      },
    });
    expect(await Promise.all(held)).toEqual([expect.toSatisfy((at) => Number(at) >= promotedAt)]);
  });

  test('where an outage cannot go on as it should, nobody is promoted, and the reason is told', async () => {
    const duringOutage = () => Promise.reject(new Error('the app has crashed'));
    await expect(group.failOver('kill', { duringOutage })).rejects.toThrow('the app has crashed');
    expect(await Promise.all(group.replicas.map(roleOf))).toEqual(['slave', 'slave']);
  });

  test('a node that is cut off from the app goes on for the others', async () => {
    const { writer, whenTopology } = await openReplication(group.source);
    const heal = await group.partition(group.master, { from: 'app' });
    await whenTopology(({ kind }) => kind === 'masterless');
    await group.master.command('SET', 'key', 'by another');
    await until('the replica has it', async () => (await first().command('GET', 'key')) === 'by another');
    const held = writer.get('key');
    await heal();
    expect(await held).toBe('by another');
  });

  test('a node that is cut off from everyone neither sends nor receives', async () => {
    const heal = await group.partition(group.master);
    await group.master.command('SET', 'key', 'alone');
    const second = await group.partition(first(), { how: 'refused' });
    const [old, heir] = await group.twoMasters();
    expect(old).toBe(group.master);
    expect(await heir.command('GET', 'key')).toBeNull();
    await heal();
    await second();
    await until('the other replica has it', async () => (await copyOf(old, heir)) === 'alone');
  });

  async function copyOf(...masters: readonly RedisServer[]): Promise<unknown> {
    return group.nodes.find((node) => !masters.includes(node))?.command('GET', 'key');
  }

  test('a node that refuses is seen as such, and accepts again', async () => {
    const { whenTopology } = await openReplication(group.source);
    const heal = await group.partition(first(), { from: 'app', how: 'refused' });
    await whenTopology(({ nodes }) =>
      nodes.some(
        (node) => node.endpoint === first().endpoint && node.kind === 'unusable' && node.fault === 'REFUSED',
      ),
    );
    await heal();
    await whenTopology(({ nodes }) =>
      nodes.some((node) => node.endpoint === first().endpoint && node.kind === 'replica'),
    );
  });

  test('a replica lags, and has everything when that ends', async () => {
    const end = await group.lag(first(), 3_600_000);
    await group.master.command('SET', 'key', 'value');
    const [, other] = group.replicas;
    await until('the other has it', async () => (await other?.command('GET', 'key')) === 'value');
    expect(await first().command('GET', 'key')).toBeNull();
    expect((await readInfo(first(), 'replication')).get('master_link_status')).toBe('up');
    await end();
    await until('it has it too', async () => (await first().command('GET', 'key')) === 'value');
  });

  test('of two masters, history proves the one that was promoted', async () => {
    const { whenTopology } = await openReplication(group.source);
    const [old, heir] = await group.twoMasters();
    expect([await roleOf(old), await roleOf(heir)]).toEqual(['master', 'master']);
    await whenTopology(
      (topology) =>
        topology.kind === 'steady' &&
        topology.master === heir.endpoint &&
        topology.nodes.some((node) => node.endpoint === old.endpoint && node.kind === 'stale'),
    );
  });

  test('of two contested masters, nothing proves either, and health says so', async () => {
    const { health, topology$ } = await startApp(group.endpoints, { hold: { timeoutMs: 200 } });
    const contested = new Promise<readonly string[]>((resolve) => {
      topology$.subscribe((topology) => topology.kind === 'contested' && resolve(topology.claimants));
    });
    const masters = await group.twoMasters('contested');
    expect((await contested).toSorted()).toEqual(masters.map(({ endpoint }) => endpoint).toSorted());
    expect(await health.isWritable('redis')).toMatchObject({
      redis: { status: 'down', reason: 'SPLIT_BRAIN' },
    });
  });

  test('restoring ends all faults, and empties each node', async () => {
    await group.master.command('SET', 'key', 'value');
    await group.lag(first(), 3_600_000);
    await group.partition(first());
    await group.failOver('kill', { to: group.replicas[1] ?? first() });
    await group.restore();
    expect(await Promise.all(group.nodes.map(roleOf))).toEqual(['master', 'slave', 'slave']);
    expect(await Promise.all(group.nodes.map((node) => node.command('DBSIZE')))).toEqual([0, 0, 0]);
  });

  test('what cannot be done is refused with the reason', async () => {
    await expect(group.failOver('sentinel')).rejects.toThrow(
      'failOver: "sentinel" needs a group with Sentinels, see option "sentinels"',
    );
    // @ts-expect-error: what a caller without types may pass.
    await expect(group.failOver('plan')).rejects.toThrow(
      'failOver: option "kind" is a string; allowed is "planned", "kill", "hang", "sentinel"; did you mean "planned"?',
    );
    await expect(group.lag(group.master, 1000)).rejects.toThrow(
      `lag: ${group.master.endpoint} is no replica that is connected to its master`,
    );
    await expect(group.lag(first(), -1)).rejects.toThrow(
      'lag: option "delayMs" is -1; allowed is a number of',
    );
  });
});

const users = [{ name: 'app', password: 'secret', rules: ['~*', '&*', '+@all'] }];

describe('a group with Sentinels, users and TLS', () => {
  let group: RedisGroup;

  beforeAll(async () => {
    const tls = knowsOption('tls-port') ? { tls: true as const } : {};
    group = await startRedisGroup({ replicas: 1, sentinels: 3, users, ...tls });
  }, limitMs);

  afterAll(() => group?.stop());

  test(
    'Sentinels replace the master on request, and one that is cut off from everyone; restored, they go on watching',
    async () => {
      const { writer, whenMaster } = await openReplication(group.source, { redis: group.redis });
      expect(await writer.call('ACL', 'WHOAMI')).toBe('app');
      const { from, to } = await group.failOver('sentinel');
      expect([from, to]).toEqual([group.master, group.replicas[0]]);
      await whenMaster(to);
      expect(await writer.set('key', 'value')).toBe('OK');
      await group.restore();
      await whenMaster(group.master);
      expect(await roleOf(group.master)).toBe('master');
      await group.partition(group.master);
      await whenMaster(to);
      expect(await writer.set('key', 'other')).toBe('OK');
    },
    limitMs,
  );

  test('Sentinels would end it if there were two masters', async () => {
    await expect(group.twoMasters()).rejects.toThrow(
      'twoMasters: Sentinels would make a replica of one at once',
    );
    for (const options of [{ outageMs: 1 }, { duringOutage: () => undefined }]) {
      await expect(group.failOver('kill', options)).rejects.toThrow('are for groups without Sentinels');
    }
  });
});

test('users are known after a restart, and nobody else is let in', async () => {
  const group = await startRedisGroup({ replicas: 1, users });
  onTestFinished(() => group.stop());
  await group.failOver('kill');
  await group.restore();
  const { writer } = await openReplication(group.source, { redis: group.redis });
  expect(await writer.call('ACL', 'WHOAMI')).toBe('app');
  await expect(openReplication(group.source, { bootTimeoutMs: 300 })).rejects.toThrow(/NOAUTH/);
});

describe('options', () => {
  test.each([
    [{ replica: 2 }, 'unknown option "replica"; did you mean "replicas"?'],
    [{ replicas: -1 }, 'option "replicas" is -1; allowed is a whole number from 0'],
    [{ sentinels: 1.5 }, 'option "sentinels" is 1.5; allowed is a whole number from 0'],
    [
      { tls: { ca: 'text' } },
      'option "tls" is a value of type object; allowed is true, or an object with the PEM',
    ],
    [{ users: [{ name: 'app' }] }, 'option "users" is an array; allowed is a list of users with the texts'],
    [{ args: '--maxmemory' }, 'option "args" is a string; allowed is a list of texts'],
    [
      { server: '/no/such-server' },
      'the option "server" names /no/such-server, which is no program of a Redis',
    ],
  ])('%j is refused', async (options, message) => {
    await expect(startRedisGroup({ ...options } as object)).rejects.toThrow(message);
  });

  test('a group that does not start leaves no process, and shows what the server said', async () => {
    const args = ['--no-such-option', '1'];
    await expect(startRedisGroup({ args })).rejects.toThrow(/ended before it was ready:[^]*no-such-option/);
  });
});

test('where there is no server, an error says what to install', async () => {
  vi.resetModules();
  const { findServer } = await import('../../lib/testing/servers/find-server.js');
  const path = process.env['PATH'];
  const named = process.env['REDIS_SERVER_BIN'];
  process.env['PATH'] = '/no/such/folder';
  delete process.env['REDIS_SERVER_BIN'];
  try {
    expect(() => findServer()).toThrow(
      expect.objectContaining({
        message: containing('neither redis-server nor valkey-server is on the PATH'),
      }),
    );
  } finally {
    process.env['PATH'] = path;
    if (named !== undefined) process.env['REDIS_SERVER_BIN'] = named;
  }
});
