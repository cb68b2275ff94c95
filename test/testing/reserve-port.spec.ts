import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../lib/testing/network/listener.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { reservePort } from '../../lib/testing/servers/reserve-port.js';

const host = '127.0.0.1';

/** What another process, such as that of a second run of tests, finds. */
async function isFreeElsewhere(port: number): Promise<boolean> {
  const code = `require('node:dgram').createSocket('udp4')
    .on('error', ({ code }) => console.log(code)).bind(${port}, '${host}', function () { console.log('free'); this.close(); })`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
  expect(stdout.trim()).toMatch(/^(free|EADDRINUSE)$/);
  return stdout.trim() === 'free';
}

test('a reserved port is given to nobody, in no process, until it is released', async () => {
  const port = await findFreePort();
  const release = await reservePort(host, port);
  expect(release).toBeTypeOf('function');
  expect(await reservePort(host, port)).toBeUndefined();
  expect(await isFreeElsewhere(port)).toBe(false);
  release?.();
  release?.();
  expect(await isFreeElsewhere(port)).toBe(true);
});

test('a server keeps its port while it is down, until it is stopped', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await server.kill();
  expect(await isFreeElsewhere(server.port)).toBe(false);
  await server.restart();
  expect(await server.command('PING')).toBe('PONG');
  await server.stop();
  expect(await isFreeElsewhere(server.port)).toBe(true);
});

test('so does a port that refuses connections for a moment', async () => {
  const listener = await listen(() => undefined);
  onTestFinished(() => listener.stop());
  listener.refuse();
  expect(await isFreeElsewhere(listener.port)).toBe(false);
  await listener.accept();
  await listener.stop();
  expect(await isFreeElsewhere(listener.port)).toBe(true);
});
