import { expect, onTestFinished, test } from 'vitest';
import { observeOverTcp } from '../observers/observed-node.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

test('a node that defers writes, and with them an announcement, is no node that does not answer', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const observer = observeOverTcp(server.endpoint, { replyTimeoutMs: 500 });
  onTestFinished(() => observer.stop());
  await observer.seen(1);
  // As a master does that hands over, by FAILOVER or CLUSTER FAILOVER.
  await server.command('CLIENT', 'PAUSE', 60_000, 'WRITE');
  observer.announce('promotion');
  await until('the announcement is deferred', async () =>
    String(await server.command('INFO', 'clients')).includes('blocked_clients:2'),
  );
  expect(await observer.probe()).toMatchObject({ kind: 'answered', report: { role: 'master' } });
  expect(observer.signals).toEqual([]);
});
