import { createServer, type AddressInfo, type LookupFunction } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../lib/sockets/dial.js';
import { rememberAddresses } from '../../lib/sockets/remember-addresses.js';

/** A name server that answers as the test says, and a server at the address it gives. */
async function start() {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const state: { answer: 'gives the address' | 'hangs' | 'fails' | 'knows no such name' } = {
    answer: 'gives the address',
  };
  const resolve: LookupFunction = (hostname, options, callback) => {
    if (state.answer === 'hangs') return;
    if (state.answer === 'gives the address') {
      callback(null, options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
      return;
    }
    const code = state.answer === 'fails' ? 'EAI_AGAIN' : 'ENOTFOUND';
    callback(Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code }), '', 4);
  };
  const dialNamed = rememberAddresses(dial, resolve);
  const endpoint = { host: 'node.example', port: addressOf(server.address()).port };
  const connect = async (connectTimeoutMs = 5000) => {
    const socket = await firstValueFrom(dialNamed(endpoint, { connectTimeoutMs }));
    const { remoteAddress } = socket;
    socket.destroy();
    return remoteAddress;
  };
  const attempt = () => {
    const attempting = dialNamed(endpoint, { connectTimeoutMs: 5000 }).subscribe();
    return () => attempting.unsubscribe();
  };
  return { state, connect, attempt };
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address;
}

test.each(['hangs', 'fails'] as const)(
  'while the name server %s, a node is dialled at its last address',
  async (answer) => {
    const { state, connect } = await start();
    await connect();
    state.answer = answer;
    await expect(connect()).resolves.toBe('127.0.0.1');
  },
);

test('an attempt that is given up leaves no timer', async () => {
  const { state, connect, attempt } = await start();
  await connect();
  state.answer = 'hangs';
  const before = countTimers();
  const giveUp = attempt();
  await nextTurn();
  expect(countTimers()).toBeGreaterThan(before + 1);
  giveUp();
  expect(countTimers()).toBe(before);
});

test('a name that does not exist any more is an error, although its last address is known', async () => {
  const { state, connect } = await start();
  await connect();
  state.answer = 'knows no such name';
  await expect(connect()).rejects.toThrow('ENOTFOUND');
});

test('a name that was never resolved names DNS as the reason', async () => {
  const { state, connect } = await start();
  state.answer = 'hangs';
  await expect(connect(200)).rejects.toThrow('DNS did not resolve node.example within 180 ms');
});
