import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { failoverTo, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { error, simple } from '../support/resp.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** A writer whose only node is the master, behind a proxy. */
async function openBehindProxy(options: Partial<RedisReplicationOptions> = {}) {
  const proxy = await startProxy(group.master.port);
  onTestFinished(() => proxy.stop());
  const opened = await openReplication([proxy.endpoint], options);
  const ready = () => new Promise<void>((resolve) => opened.writer.once('ready', resolve));
  return {
    ...opened,
    proxy,
    /** Loses the connection, and with it the replies to what was sent. */
    lose: async () => {
      const closed = new Promise<void>((resolve) => opened.writer.once('close', resolve));
      proxy.refuse();
      proxy.cut();
      await closed;
      proxy.heal();
    },
    comeBack: async () => {
      const done = ready();
      await proxy.accept();
      await done;
    },
  };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (reply) => `answered: ${JSON.stringify(reply)}`,
    (reason: unknown) => reason,
  );
}

/** Two counters that are only ever incremented together, many times at once, until told to end. */
function transferLoad(writer: Redis) {
  const tally = { done: 0, unknown: 0, failures: [] as unknown[] };
  const flow = { isOn: true };
  const transfer = async () => {
    try {
      expect(await writer.multi().incr('left').incr('right').exec()).toHaveLength(2);
      tally.done += 1;
    } catch (reason) {
      if (reason instanceof UnknownOutcomeError) tally.unknown += 1;
      else tally.failures.push(reason);
    }
  };
  const work = async () => {
    while (flow.isOn) {
      await transfer();
      await nextTurn();
    }
  };
  const workers = Array.from({ length: 16 }, work);
  return {
    whenDone: (more: number) => {
      const goal = tally.done + more;
      return until(`${more} more are done`, () => tally.done >= goal);
    },
    async stop() {
      flow.isOn = false;
      await Promise.all(workers);
      return tally;
    },
  };
}

describe('transactions under load', () => {
  async function run(failOver: (group: ServerGroup) => Promise<unknown>) {
    const { writer, whenMaster } = await openReplication(group.endpoints);
    const { heir } = rolesOf(group);
    const load = transferLoad(writer);
    onTestFinished(async () => void (await load.stop()));
    await load.whenDone(50);
    await failOver(group);
    await whenMaster(heir);
    await load.whenDone(100);
    const tally = await load.stop();
    const counters = (await writer.mget('left', 'right')).map(Number);
    return { ...tally, counters };
  }

  test('run whole and once through a FAILOVER', async () => {
    const { done, unknown, failures, counters } = await run(async () => {
      const { master, heir } = rolesOf(group);
      await failoverTo(master, heir);
    });
    expect({ unknown, failures }).toEqual({ unknown: 0, failures: [] });
    expect(counters).toEqual([done, done]);
  });

  test('run whole through a planned swap, and none fails', async () => {
    const { done, unknown, failures, counters } = await run(() =>
      plannedSwap(group.nodes, rolesOf(group).heir),
    );
    expect({ unknown, failures }).toEqual({ unknown: 0, failures: [] });
    expect(counters[0]).toBe(counters[1]);
    expect(counters[0]).toBeLessThanOrEqual(done);
  });

  test('run whole or not at all when the master is killed', async () => {
    const { done, unknown, failures, counters } = await run(async () => {
      const { master, heir } = rolesOf(group);
      await master.kill();
      await promote(heir);
    });
    expect(failures).toEqual([]);
    expect(counters[0]).toBe(counters[1]);
    expect(counters[0]).toBeLessThanOrEqual(done + unknown);
  });
});

test('a transaction that is refused runs as a whole on the next master', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
  const { master, heir, other } = rolesOf(group);
  await writer.set('counter', 1);
  await whenInSync(master, [heir, other]);
  // Refused at once, because the replica tells nobody: the writer learns of it by its own transaction.
  await master.command('REPLICAOF', heir.host, heir.port);
  const replies = writer.multi().incr('counter').get('counter').set('key', 'value').exec();
  await promote(heir);
  await whenMaster(heir);
  expect(await replies).toEqual([
    [null, 2],
    [null, '2'],
    [null, 'OK'],
  ]);
  expect(await heir.command('GET', 'counter')).toBe('2');
});

test('a transaction that waits is sent as a whole', async () => {
  const { writer, lose, comeBack } = await openBehindProxy();
  await lose();
  const replies = writer.multi().set('key', 'value').incr('counter').get('key').exec();
  await comeBack();
  expect(await replies).toEqual([
    [null, 'OK'],
    [null, 1],
    [null, 'value'],
  ]);
});

test('a transaction that waited too long is rejected and never executed, in part or whole', async () => {
  const { writer, lose, comeBack } = await openBehindProxy({ hold: { timeoutMs: 50 } });
  await lose();
  expect(await errorOf(writer.multi().set('key', 'value').incr('counter').exec())).toBeInstanceOf(
    NotAppliedError,
  );
  await comeBack();
  expect(await writer.exists('key', 'counter')).toBe(0);
});

test('a transaction of which not all may wait is rejected, and nothing of it is executed', async () => {
  const { writer, lose, comeBack } = await openBehindProxy({ hold: { maxCommands: 2 } });
  await lose();
  const failure = errorOf(writer.multi().set('key', 'value').incr('counter').exec());
  await comeBack();
  expect(await failure).toBeInstanceOf(NotAppliedError);
  expect(await writer.exists('key', 'counter')).toBe(0);
});

test('a transaction written out by hand in a pipeline is one too', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
  const { master, heir, other } = rolesOf(group);
  await writer.set('counter', 1);
  await whenInSync(master, [heir, other]);
  await master.command('REPLICAOF', heir.host, heir.port);
  const replies = writer.pipeline().call('multi').incr('counter').get('counter').call('exec').exec();
  await promote(heir);
  await whenMaster(heir);
  expect((await replies)?.at(-1)).toEqual([null, [2, '2']]);
  expect(await heir.command('GET', 'counter')).toBe('2');
});

test('a pipeline goes on without the transaction in it of which not all may wait', async () => {
  const { writer, lose, comeBack } = await openBehindProxy({ hold: { maxCommands: 2 } });
  await lose();
  const batch = [['set', 'key', 'value'], ['multi'], ['incr', 'counter'], ['exec']];
  const replies = writer.pipeline(batch).exec();
  await comeBack();
  const [set, ...rest] = (await replies) ?? [];
  expect(set).toEqual([null, 'OK']);
  for (const [failure] of rest) expect(failure).toBeInstanceOf(NotAppliedError);
  expect(await writer.exists('counter')).toBe(0);
});

test('a transaction whose reply is lost is unknown as a whole, and runs once', async () => {
  const { writer, proxy, lose, comeBack } = await openBehindProxy();
  await writer.ping();
  proxy.swallowReplies();
  const failure = errorOf(writer.multi().incr('counter').get('counter').exec());
  await until('it was executed', async () => (await group.master.command('GET', 'counter')) === '1');
  await lose();
  await comeBack();
  expect(await failure).toBeInstanceOf(UnknownOutcomeError);
  expect(await failure).toMatchObject({ command: 'exec' });
  expect(await writer.get('counter')).toBe('1');
});

test('an error inside a transaction is passed on, and nothing is sent again', async () => {
  const { writer } = await openReplication(group.endpoints);
  await writer.set('text', 'abc');
  const replies = await writer.multi().incr('text').incr('counter').exec();
  expect(replies?.[0]?.[0]?.message).toMatch(/^ERR value is not an integer/);
  expect(replies?.[1]).toEqual([null, 1]);
  await expect(writer.multi().call('nonsense').incr('counter').exec()).rejects.toThrow(/^EXECABORT/);
  expect(await writer.get('counter')).toBe('1');
});

test('a transaction issued command by command runs as usual', async () => {
  const { writer } = await openReplication(group.endpoints);
  await writer.multi({ pipeline: false });
  expect(await writer.set('key', 'value')).toBe('QUEUED');
  expect(await writer.exec()).toEqual([[null, 'OK']]);
  expect(await writer.get('key')).toBe('value');
});

test('a transaction issued command by command does not go on over another connection', async () => {
  const { writer, lose, comeBack } = await openBehindProxy();
  await writer.multi({ pipeline: false });
  await writer.set('before', 1);
  await lose();
  await comeBack();
  expect(await errorOf(writer.set('after', 1))).toBeInstanceOf(NotAppliedError);
  expect(await errorOf(writer.exec())).toBeInstanceOf(NotAppliedError);
  expect(await writer.exists('before', 'after')).toBe(0);
  // The next one is not affected.
  expect(await writer.multi().set('next', 1).exec()).toEqual([[null, 'OK']]);
});

test('a transaction issued command by command ends as not applied where a command of it is refused', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
  const { master, heir } = rolesOf(group);
  await writer.multi({ pipeline: false });
  await master.command('REPLICAOF', heir.host, heir.port);
  expect(await errorOf(writer.set('key', 1))).toBeInstanceOf(NotAppliedError);
  // It does not even wait for a master.
  expect(await errorOf(writer.exec())).toBeInstanceOf(NotAppliedError);
  await promote(heir);
  await whenMaster(heir);
  expect(await writer.exists('key')).toBe(0);
});

test('keys under WATCH that change make the transaction fail, as usual', async () => {
  const { writer } = await openReplication(group.endpoints);
  await writer.watch('key');
  await group.master.command('SET', 'key', 'changed');
  expect(await writer.multi().set('key', 'mine').exec()).toBeNull();
  await writer.watch('key');
  expect(await writer.multi().set('key', 'mine').exec()).toEqual([[null, 'OK']]);
});

test('a WATCH that was lost with its connection does not pass silently', async () => {
  const { writer, lose, comeBack } = await openBehindProxy();
  await writer.watch('key');
  await lose();
  await comeBack();
  await group.master.command('SET', 'key', 'changed');
  const failure = await errorOf(writer.multi().set('key', 'mine').exec());
  expect(failure).toBeInstanceOf(NotAppliedError);
  expect(failure).toHaveProperty('reason', expect.stringContaining('WATCH'));
  expect(await writer.get('key')).toBe('changed');
  // Watching anew is enough.
  await writer.watch('key');
  expect(await writer.multi().set('key', 'mine').exec()).toEqual([[null, 'OK']]);
});

test('a WATCH on a master that is demoted before EXEC does not pass silently on the next one', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const { master, heir } = rolesOf(group);
  await writer.watch('key');
  await master.command('REPLICAOF', heir.host, heir.port);
  const failing = errorOf(writer.multi().set('key', 'mine').exec());
  await promote(heir);
  await heir.command('SET', 'key', 'changed');
  await whenMaster(heir);
  const failure = await failing;
  expect(failure).toBeInstanceOf(NotAppliedError);
  expect(failure).toHaveProperty('reason', expect.stringContaining('WATCH'));
  expect(await heir.command('GET', 'key')).toBe('changed');
});

test('a WATCH that was lost does not concern who gives it up', async () => {
  const { writer, lose, comeBack } = await openBehindProxy();
  await writer.watch('key');
  await lose();
  await comeBack();
  await writer.unwatch();
  expect(await writer.multi().set('key', 'mine').exec()).toEqual([[null, 'OK']]);
});

describe('pipelines', () => {
  test('that are refused run on the next master, in order', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
    const { master, heir } = rolesOf(group);
    await master.command('REPLICAOF', heir.host, heir.port);
    const pipeline = writer.pipeline();
    for (let number = 0; number < 100; number++) pipeline.rpush('list', number);
    const replies = pipeline.exec();
    await promote(heir);
    await whenMaster(heir);
    expect(await replies).toEqual(Array.from({ length: 100 }, (_, index) => [null, index + 1]));
    expect(await heir.command('LRANGE', 'list', 0, -1)).toEqual(
      Array.from({ length: 100 }, (_, n) => `${n}`),
    );
  });

  test('that wait are written in order with single commands', async () => {
    const { writer, lose, comeBack } = await openBehindProxy();
    await lose();
    const replies = [
      writer.rpush('list', 'a'),
      writer.pipeline().rpush('list', 'b').rpush('list', 'c').exec(),
      writer.rpush('list', 'd'),
    ];
    await comeBack();
    await Promise.all(replies);
    expect(await writer.lrange('list', 0, -1)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are made of single commands where auto-pipelining is on, through a failover', async () => {
    const { writer, whenMaster } = await openReplication(group.endpoints, {
      redis: { enableAutoPipelining: true },
      // It issues as fast as it can, for as long as the server takes to hand over.
      hold: { maxCommands: 1_000_000 },
      // So the old master has much to answer when it is left.
      replyTimeoutMs: 10_000,
    });
    const { master, heir } = rolesOf(group);
    const replies: Promise<number>[] = [];
    const flow = { isOn: true };
    const issue = async () => {
      while (flow.isOn) {
        replies.push(writer.incr('counter'), writer.incr('counter'));
        await nextTurn();
      }
    };
    const issuing = issue();
    await failoverTo(master, heir);
    await whenMaster(heir);
    flow.isOn = false;
    await issuing;
    const counts = await Promise.all(replies);
    expect(counts).toEqual(counts.map((_, index) => index + 1));
    expect(await heir.command('GET', 'counter')).toBe(String(counts.length));
  });

  test('whose members wait too long in part do not hang', async () => {
    const node = await startFakeNode({
      onCommand: ([name]) => (name === 'brpop' ? error('READONLY refused for ever') : undefined),
    });
    onTestFinished(() => node.stop());
    const { writer } = await openReplication([node.endpoint], { hold: { timeoutMs: 100 } });
    const replies = await writer.pipeline().set('a', 1).brpop('list', 0).get('a').exec();
    expect(replies?.[0]).toEqual([null, 'OK']);
    expect(replies?.[1]?.[0]).toBeInstanceOf(NotAppliedError);
    expect(replies?.[2]).toEqual([null, '1']);
  });
});

test('an EXEC refused because of the state of the server does not lose the transaction', async () => {
  let refusals = 2;
  // Says so at EXEC only, as a master that is demoted between QUEUED and EXEC does.
  const node = await startFakeNode({
    onCommand: ([name = '']) => {
      const answers: Readonly<Record<string, string>> = { multi: 'OK', incr: 'QUEUED' };
      if (name === 'exec') {
        refusals -= 1;
        return refusals < 0
          ? { kind: 'array', items: [{ kind: 'integer', value: 1 }] }
          : error('EXECABORT Transaction discarded because of: READONLY you cannot write here');
      }
      const text = answers[name];
      return text === undefined ? undefined : simple(text);
    },
  });
  onTestFinished(() => node.stop());
  const { writer } = await openReplication([node.endpoint]);
  expect(await writer.multi().incr('counter').exec()).toEqual([[null, 1]]);
  const sent = node.commands.map(([name]) => name).filter((name) => /^(multi|incr|exec)$/.test(name ?? ''));
  expect(sent).toEqual(Array.from({ length: 3 }, () => ['multi', 'incr', 'exec']).flat());
});
