import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFakeRedis } from '../support/fake-redis.js';
import type { FakeRedis } from '../support/fake-redis.js';
import { simple } from '../support/resp.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import type { TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

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
  // A connection that is cut may be reset.
  return socket.on('error', () => undefined);
}

async function reply(socket: Socket) {
  const received: unknown[] = await once(socket, 'data');
  return String(received[0]);
}

/** What was written before has been read by this process, where the proxy is as well. */
async function whenRead() {
  await nextTurn();
  await nextTurn();
}

test('it passes bytes on in both directions', async () => {
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
});

test('cut ends the connections, and a new one works', async () => {
  proxy.cut();
  await emitted(client, 'close');
  client = await open();
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
});

test('swallowed replies were carried out, and later ones arrive', async () => {
  proxy.swallowReplies();
  client.write(ping);
  await until('the command has arrived', () => server.commands.length === 1);
  await whenRead();
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
  await emitted(client, 'close');
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

test('late replies keep their order, and arrive at once when the delay ends', async () => {
  const answers: Buffer[] = [];
  client.on('data', (chunk) => answers.push(chunk));
  const undo = proxy.impair({ delayMs: 3_600_000 });
  client.write(ping);
  await until('the command has arrived', () => server.commands.length === 1);
  proxy.impair({ delayMs: 1 });
  client.write(ping);
  await until('the second command has arrived', () => server.commands.length === 2);
  expect(answers).toEqual([]);
  undo();
  proxy.heal();
  await until('both answers have arrived', () => Buffer.concat(answers).toString() === '+PONG\r\n+PONG\r\n');
});

test('it harms some of the connections, told by their ports, and leaves the others alone', async () => {
  const second = await open();
  const undo = proxy.impair({ concerns: (link) => link.clientPort === second.localPort, lost: ['toServer'] });
  second.write(ping);
  client.write(ping);
  expect(await reply(client)).toBe('+PONG\r\n');
  await whenRead();
  expect(server.commands).toHaveLength(1);
  undo();
  second.write(ping);
  expect(await reply(second)).toBe('+PONG\r\n');
  proxy.cut((link) => link.clientPort === second.localPort);
  await emitted(second, 'close');
  expect(client.closed).toBe(false);
});

test('what is held arrives when that ends, in both directions, and then the close', async () => {
  await until('the proxy has connected', () => server.connections === 1);
  const undo = proxy.impair({ isHeld: true });
  client.write(ping);
  server.dropConnections();
  await until('the server has closed', () => server.connections === 0);
  expect([server.commands.length, client.closed]).toEqual([0, false]);
  undo();
  await emitted(client, 'close');

  client = await open();
  client.write(ping);
  await reply(client);
  const second = proxy.impair({ isHeld: true });
  client.write(ping);
  client.end();
  second();
  await until('the second command has arrived', () => server.commands.length === 2);
});
