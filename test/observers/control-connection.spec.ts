import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { controlConnector } from '../../lib/observers/control-connection.js';
import { dial } from '../../lib/sockets/dial.js';
import type { Endpoint } from '../../lib/topology/endpoint.js';
import { containing } from '../support/matchers.js';
import { error } from '../support/resp.js';
import { startFakeNode, type FakeNode } from '../support/fake-node.js';
import { until } from '../../lib/testing/servers/until.js';

let node: FakeNode | undefined;

const reach = (endpoint: Endpoint) => dial(endpoint, { connectTimeoutMs: 10_000 });

afterEach(() => node?.stop());

test('it authenticates and names itself, and takes nothing else from the options of the app', async () => {
  node = await startFakeNode();
  const redis = {
    username: 'app',
    password: 'pass',
    protocol: 2,
    db: 3,
    keyPrefix: 'app:',
    readOnly: true,
  } as const;
  const connection = controlConnector(redis, reach)({ host: '127.0.0.1', port: node.port }, 'observer');
  await connection.open();
  expect(await connection.call('GET', 'key')).toBeNull();
  connection.close();
  const sent = node.commands.map((argv) => argv.join(' ').toLowerCase());
  expect(sent).toEqual(['auth app pass', 'client setname nestjs-redis-replication:observer', 'get key']);
});

test('it asks for RESP3, with the credentials of the moment in which it opens', async () => {
  const fake = await startFakeNode();
  node = fake;
  const redis = { username: 'app', password: 'old' };
  const connect = controlConnector(redis, reach);
  redis.password = 'new';
  const connection = connect({ host: '127.0.0.1', port: fake.port }, 'watcher');
  await connection.open();
  await until('it is named', () => fake.commands.length === 2);
  connection.close();
  expect(fake.commands).toEqual([
    ['HELLO', '3', 'AUTH', 'app', 'new'],
    ['CLIENT', 'SETNAME', 'nestjs-redis-replication:watcher'],
  ]);
});

test.each([
  ['the login', 'HELLO', 'ERR I do not know HELLO 3 AUTH app s3cret'],
  ['another command', 'INFO', 'ERR your password is s3cret'],
])(
  'a server that quotes the password in the reply to %s does not make us repeat it',
  async (_, refused, text) => {
    const fake = await startFakeNode({ onCommand: ([name]) => (name === refused ? error(text) : undefined) });
    node = fake;
    const redis = { username: 'app', password: 's3cret' };
    const connection = controlConnector(redis, reach)({ host: '127.0.0.1', port: fake.port }, 'observer');
    const failure: unknown = await connection
      .open()
      .then(() => connection.call('INFO'))
      .catch((reason: unknown) => reason);
    connection.close();
    expect(failure).toMatchObject({ message: containing('ERR the server quotes the password') });
    expect(inspect(failure, { depth: Infinity })).not.toContain('s3cret');
  },
);

test('a server with too many clients is named as the reason, although it closes the connection', async () => {
  const fake = await startFakeNode({
    onCommand([name], connection) {
      if (name !== 'CLIENT') return undefined;
      connection.send(error('ERR max number of clients reached'));
      connection.close();
      return 'hang';
    },
  });
  node = fake;
  const connect = controlConnector({ protocol: 2 }, reach);
  const connection = connect({ host: '127.0.0.1', port: fake.port }, 'observer');
  await connection.open();
  await expect(connection.call('INFO')).rejects.toThrow('max number of clients');
});

test('a refused connection rejects with the real reason, and is closed', async () => {
  node = await startFakeNode();
  const { port } = node;
  await node.stop();
  const connection = controlConnector({}, reach)({ host: '127.0.0.1', port }, 'observer');
  await expect(connection.open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(connection.closed).resolves.toBeUndefined();
});

test('a closed connection settles what is under way and never comes back', async () => {
  const fake = await startFakeNode();
  node = fake;
  const connection = controlConnector({}, reach)({ host: '127.0.0.1', port: fake.port }, 'observer');
  await connection.open();
  const pending = connection.call('XREAD', 'BLOCK', '0', 'STREAMS', 'none', '$');
  await until('it has arrived', () => fake.commands.some(([name]) => name?.toLowerCase() === 'xread'));
  fake.dropConnections();
  await expect(pending).rejects.toThrow('Connection is closed');
  await connection.closed;
  await expect(connection.call('PING')).rejects.toThrow();
  await until('it has no connection', () => fake.connections === 0);
});

test('closing does not wait for a server that does not close its side', async () => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.resume().on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connection = controlConnector({}, reach)({ host: '127.0.0.1', port }, 'observer');
  const opening = connection.open();
  await until('it is connected', () => sockets.length === 1);
  connection.close();
  await expect(opening).rejects.toThrow();
  await connection.closed;
  expect(sockets[0]?.destroyed).toBe(false);
  sockets[0]?.destroy();
  server.close();
});
