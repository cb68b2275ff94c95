import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../lib/sockets/dial.js';
import { Connection } from '../../lib/wire/connection.js';
import { listen } from '../../lib/testing/network/listener.js';
import { createRequestDecoder } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';

/** A server that sends exactly what the test says, and a connection to it that is not open yet. */
async function start(onSocket: (socket: Socket) => void = () => undefined) {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const listener = await listen((socket) => {
    const decode = createRequestDecoder();
    socket.on('data', (chunk) => decode(chunk).forEach((argv) => requests.push(argv.join(' '))));
    sockets.push(socket);
    onSocket(socket);
  });
  onTestFinished(() => listener.stop());
  const connection = new Connection({
    socket$: dial({ host: listener.host, port: listener.port }, { connectTimeoutMs: 5000 }),
    closedAtOnce: () => new Error('closed at once'),
  });
  onTestFinished(() => connection.close());
  return {
    connection,
    listener,
    requests,
    send: (bytes: string) => sockets.forEach((socket) => socket.write(Buffer.from(bytes, 'latin1'))),
    end: () => sockets.forEach((socket) => socket.end()),
  };
}

async function open() {
  const started = await start();
  await started.connection.open();
  await until('it is accepted', () => started.listener.sockets.size === 1);
  return started;
}

const failureOf = (attempt: Promise<unknown>) => attempt.catch((error: unknown) => error);

test('calls are written at once and answered in order', async () => {
  const { connection, requests, send } = await open();
  const replies = Promise.all([connection.call('ECHO', 'ä'), connection.call('TIME')]);
  await until('both have arrived', () => requests.length === 2);
  expect(requests).toEqual(['ECHO ä', 'TIME']);
  send('$2\r\n\u00c3\u00a4\r\n*1\r\n:7\r\n');
  expect(await replies).toEqual(['ä', [7]]);
});

test('an error reply rejects its call, and the connection goes on', async () => {
  const { connection, send } = await open();
  const [refused, next] = [failureOf(connection.call('GET')), connection.call('PING')];
  send('-ERR no\r\n+PONG\r\n');
  expect(await refused).toMatchObject({ name: 'ReplyError', message: 'ERR no' });
  expect(await next).toBe('PONG');
});

test.each([
  ['nil', '_\r\n', 'RESP_UNASKED'],
  ['nil of RESP2', '$-1\r\n', 'RESP_UNASKED'],
  ['a reply', '+OK\r\n', 'RESP_UNASKED'],
  ['what is no RESP', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'RESP_FOREIGN'],
  ['nested lists', '*1\r\n'.repeat(55), 'RESP_TOO_LARGE'],
])('%s that nobody asked for ends the connection', async (_, bytes, code) => {
  const { connection, listener, send } = await open();
  send(bytes);
  await connection.closed;
  await until('the socket is gone', () => listener.sockets.size === 0);
  expect(await failureOf(connection.call('PING'))).toMatchObject({ name: 'ProtocolFault', code });
});

test('a fault rejects everything that waits, and what came before it has been answered', async () => {
  const { connection, requests, send } = await open();
  const calls = [connection.call('A'), failureOf(connection.call('B')), failureOf(connection.call('C'))];
  await until('they have arrived', () => requests.length === 3);
  send('+a\r\n?');
  const [first, second, third] = await Promise.all(calls);
  expect(first).toBe('a');
  expect([second, third]).toMatchObject([{ code: 'RESP_FOREIGN' }, { code: 'RESP_FOREIGN' }]);
});

test('an error that nobody asked for is the reason why the server closes', async () => {
  const { connection, send } = await open();
  send('-ERR max number of clients reached\r\n');
  await connection.closed;
  await expect(connection.call('PING')).rejects.toThrow('ERR max number of clients reached');
});

test('of pushes that nobody waits for only the kind is told', async () => {
  const { connection, send } = await open();
  const kinds: string[] = [];
  connection.pushes$.subscribe((kind) => kinds.push(kind));
  const reply = connection.call('PING');
  send(
    '>0\r\n>2\r\n+invalidate\r\n_\r\n>3\r\n+subscribe\r\n+other\r\n:1\r\n>3\r\n+message\r\n+other\r\n+x\r\n',
  );
  send('+PONG\r\n');
  expect(await reply).toBe('PONG');
  expect(kinds).toEqual(['invalidate', 'subscribe']);
});

test('a subscription is confirmed by a push, and its messages arrive', async () => {
  const { connection, requests, send } = await open();
  const messages: string[] = [];
  const subscribed = connection.subscribe('news', (message) => messages.push(message));
  const reply = connection.call('PING');
  await until('both have arrived', () => requests.length === 2);
  expect(requests).toEqual(['SUBSCRIBE news', 'PING']);
  send('>3\r\n+subscribe\r\n+news\r\n:1\r\n>3\r\n+message\r\n+news\r\n$1\r\na\r\n+PONG\r\n');
  await subscribed;
  expect(await reply).toBe('PONG');
  expect(messages).toEqual(['a']);
});

test('a subscription that is refused rejects, and the next call gets its own reply', async () => {
  const { connection, send } = await open();
  const subscribed = failureOf(connection.subscribe('news', () => undefined));
  const reply = connection.call('PING');
  send('-NOPERM no\r\n+PONG\r\n');
  expect(await subscribed).toMatchObject({ message: 'NOPERM no' });
  expect(await reply).toBe('PONG');
});

test('a reply in place of the confirmation is a fault', async () => {
  const { connection, send } = await open();
  const subscribed = failureOf(connection.subscribe('news', () => undefined));
  send('*3\r\n+subscribe\r\n+news\r\n:1\r\n');
  expect(await subscribed).toMatchObject({ code: 'RESP_UNASKED' });
});

test('a message of 20 MB is skipped: the connection stays, and the next message arrives', async () => {
  const { connection, send } = await open();
  const messages: string[] = [];
  const subscribed = connection.subscribe('news', (message) => messages.push(message));
  send('>3\r\n+subscribe\r\n+news\r\n:1\r\n');
  await subscribed;
  const reply = connection.call('PING');
  send(`>3\r\n+message\r\n+news\r\n$20000000\r\n${' '.repeat(20_000_000)}\r\n`);
  send('>3\r\n+message\r\n+news\r\n$5\r\nshort\r\n+PONG\r\n');
  expect(await reply).toBe('PONG');
  expect(messages).toEqual(['short']);
});

test('a server that closes before its first reply is told from one that closes later', async () => {
  const early = await start((socket) => socket.end());
  await early.connection.open();
  await expect(early.connection.call('PING')).rejects.toThrow('closed at once');

  const late = await open();
  const first = late.connection.call('PING');
  late.send('+PONG\r\n');
  await first;
  late.end();
  await late.connection.closed;
  await expect(late.connection.call('PING')).rejects.toThrow('Connection is closed.');
});

test('closing settles everything at once and destroys the socket', async () => {
  const { connection, listener } = await open();
  const waiting = failureOf(connection.call('XREAD'));
  connection.close();
  expect(await waiting).toMatchObject({ message: 'Connection is closed.' });
  await connection.closed;
  await until('the socket is gone', () => listener.sockets.size === 0);
});

test('closing cancels an attempt to connect, and nothing can be opened or called afterwards', async () => {
  const { connection, listener } = await start();
  const opening = failureOf(connection.open());
  connection.close();
  expect(await opening).toMatchObject({ message: 'Connection is closed.' });
  await connection.closed;
  await expect(connection.open()).rejects.toThrow('Connection is closed.');
  await expect(connection.call('PING')).rejects.toThrow('Connection is closed.');
  expect(listener.sockets.size).toBe(0);
});

test('a socket that cannot be opened rejects with the reason, and is closed', async () => {
  const { connection, listener } = await start();
  await listener.stop();
  await expect(connection.open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await connection.closed;
});
