import type { Redis } from 'ioredis';
import { NotAppliedError, type RedisReplicationOptions } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

/** A writer in the midst of a transaction that is issued command by command; only its `EXEC` is missing. */
async function beginTransaction(options: Partial<RedisReplicationOptions> = {}) {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy.stop());
  const { writer, whenTopology } = await openReplication([proxy.endpoint], options);
  await writer.multi({ pipeline: false });
  expect(await writer.rpush('list', 'a')).toBe('QUEUED');
  return { server, proxy, writer, whenTopology };
}

async function outcomeOf(writer: Redis): Promise<unknown> {
  return writer.exec().then(
    (replies) => `answered: ${JSON.stringify(replies)}`,
    (error: unknown) => error,
  );
}

/** On another connection, because the one with the transaction was closed; what is issued earlier may wait too long. */
const whenReadyAgain = (writer: Redis) => until('the writer is ready again', () => writer.status === 'ready');

test('an EXEC that waits is not sent without its MULTI, over another connection', async () => {
  const { server, proxy, writer, whenTopology } = await beginTransaction();
  const suspended = whenTopology(({ kind }) => kind === 'masterless');
  proxy.partition('both');
  await suspended;
  const outcome = outcomeOf(writer);
  proxy.cut();
  proxy.heal();
  await whenReadyAgain(writer);
  expect(await outcome).toBeInstanceOf(NotAppliedError);
  expect(await server.command('EXISTS', 'list')).toBe(0);
});

test('a transaction whose EXEC waited too long leaves nothing behind on its connection', async () => {
  const { server, writer, whenTopology } = await beginTransaction({ hold: { timeoutMs: 50 } });
  const suspended = whenTopology(({ kind }) => kind === 'masterless');
  server.hang();
  await suspended;
  expect(await outcomeOf(writer)).toBeInstanceOf(NotAppliedError);
  const steady = whenTopology(({ kind }) => kind === 'steady');
  server.resume();
  await steady;
  await whenReadyAgain(writer);
  expect(await writer.incr('counter')).toBe(1);
  expect(await server.command('EXISTS', 'list')).toBe(0);
});

test('a transaction of which a command waited too long is not executed by the next EXEC', async () => {
  const { server, writer, whenTopology } = await beginTransaction({ hold: { timeoutMs: 50 } });
  const suspended = whenTopology(({ kind }) => kind === 'masterless');
  server.hang();
  await suspended;
  await expect(writer.rpush('list', 'b')).rejects.toBeInstanceOf(NotAppliedError);
  await writer.discard().catch(() => undefined);
  const steady = whenTopology(({ kind }) => kind === 'steady');
  server.resume();
  await steady;
  await whenReadyAgain(writer);
  expect(await writer.multi().incr('counter').exec()).toEqual([[null, 1]]);
  expect(await server.command('EXISTS', 'list')).toBe(0);
});
