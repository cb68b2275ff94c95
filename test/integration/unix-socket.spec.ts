import { join } from 'node:path';
import { fromUrl, staticNodes } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { openReplication } from '../support/open-replication.js';
import { sourceOf } from '../support/source-of.js';

async function startBehindSocket() {
  const folder = await makeTemporaryFolder('unix-socket');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'redis.sock');
  const server = await startRedisServer({ password: 'p@ss', args: ['--unixsocket', path] });
  onTestFinished(() => server.stop());
  return { server, path };
}

test('a single server behind a Unix socket is used by its URL, also after a restart', async () => {
  const { server, path } = await startBehindSocket();
  const options = fromUrl(`unix://:p%40ss@${path}?db=3`);
  const { writer, reader, replication, whenTopology } = await openReplication(sourceOf(options), options);
  expect(await writer.set('key', 'before')).toBe('OK');
  expect(replication.latest).toMatchObject({ kind: 'steady', master: `unix:${path}` });
  await server.kill();
  await whenTopology(({ kind }) => kind === 'masterless');
  expect(replication.latest.nodes).toMatchObject([{ endpoint: `unix:${path}`, fault: 'REFUSED' }]);
  const held = writer.set('key', 'after');
  await server.restart();
  expect(await held).toBe('OK');
  expect(await reader.get('key')).toBe('after');
  await server.command('SELECT', 3);
  expect(await server.command('GET', 'key')).toBe('after');
});

test('a Unix socket that does not exist is named as the reason', async () => {
  const { path } = await startBehindSocket();
  const source = staticNodes([`unix:${path}.old`]);
  await expect(openReplication(source, { bootTimeoutMs: 1000 })).rejects.toThrow(
    `unix:${path}.old (NOT_FOUND`,
  );
});
