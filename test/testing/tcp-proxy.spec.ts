import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFakeRedis } from '../support/fake-redis.js';
import type { FakeRedis } from '../support/fake-redis.js';
import { simple } from '../support/resp.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import type { TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';

const ping = '*1\r\n$4\r\nPING\r\n';
let server: FakeRedis;
let proxy: TcpProxy;
let client: Socket;

beforeEach(async () => {
  server = await startFakeRedis({ onCommand: () => simple('PONG') });
  proxy = await startProxy(server.port);
  client = await open();
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  await server.stop();
});

async function open() {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function reply(socket: Socket) {
  const received: unknown[] = await once(socket, 'data');
  return String(received[0]);
}

test('it passes bytes on in both directions', async () => {
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
});

test('cut ends the connections, and a new one works', async () => {
  proxy.cut();
  await once(client, 'close');
  client = await open();
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
});

test('swallowed replies were carried out, and later ones arrive', async () => {
  proxy.swallowReplies();
  client.write(ping);
  await until('the command has arrived', () => server.commands.length === 1);
  proxy.heal();
  const answers: Buffer[] = [];
  client.on('data', (chunk) => answers.push(chunk));
  client.write(ping);
  await until('the second answer has arrived', () => answers.length > 0);
  expect(Buffer.concat(answers).toString()).toBe('+PONG\r\n');
});

test('a partition hides even that the server has closed, until it heals', async () => {
  client.write(ping);
  await reply(client);
  proxy.partition('both');
  server.dropConnections();
  await until('the server has closed', () => server.connections === 0);
  expect(client.closed).toBe(false);
  proxy.heal();
  await once(client, 'close');
});

test('it refuses new connections and accepts them again', async () => {
  proxy.refuse();
  await expect(open()).rejects.toThrow('ECONNREFUSED');
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
  await proxy.accept();
  const second = await open();
  expect(proxy.connections).toBe(2);
  second.destroy();
});
