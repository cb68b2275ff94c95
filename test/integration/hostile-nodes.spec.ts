import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import type { FakeConnection } from '../support/fake-redis.js';
import { openReplication } from '../support/open-replication.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

let master: RedisServer;

beforeAll(async () => {
  master = await startRedisServer();
});

afterAll(() => master.stop());

/** What another app that may use the channel publishes. */
const published = (text: string) => `>3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$${text.length}\r\n${text}\r\n`;

const patterns: readonly (readonly [string, string])[] = [
  ['nil', '_\r\n'],
  ['nil of RESP2', '$-1\r\n'],
  ['an empty push', '>0\r\n'],
  ['a push of nil', '>1\r\n_\r\n'],
  ['nested lists', '*1\r\n'.repeat(55)],
  ['nested lists of a billion', '*999999999\r\n'.repeat(18)],
  ['the gateway error of a proxy', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'],
  ['an alert of TLS', '\u0015\u0003\u0003\0\u0002\u0002\u0028'],
  ['a length below zero', '$-5\r\n'],
  ['a text of 2 GB', '$2147483648\r\nx'],
  ['a list of 2 billion', '*2147483648\r\n_\r\n'],
  ['an error of 5 MB', `-ERR ${'x'.repeat(5_000_000)}\r\n`],
  ['an error that forges a line of the log', '!41\r\nERR a\n[Nest] ERROR the master is lost \u001b[2J\r\n'],
  ['an INFO of 10 MB', `$10000000\r\n${'a:1\r\n'.repeat(2_000_000)}\r\n`],
  ['a message of 20 MB', published(' '.repeat(20_000_000))],
];

/** A replica that answers honestly until it attacks. */
async function startHostileNode(bytes: string, attackOn: 'HELLO' | 'INFO' | 'nothing') {
  const open = new Set<FakeConnection>();
  const state = { attacks: 0 };
  const node = await startFakeNode({
    role: 'replica',
    master: master.endpoint,
    onCommand([name = ''], connection) {
      open.add(connection);
      if (name !== attackOn) return undefined;
      state.attacks += 1;
      connection.sendBytes(bytes);
      return 'hang';
    },
  });
  onTestFinished(() => node.stop());
  return { ...node, state, sendToAll: () => open.forEach((connection) => connection.sendBytes(bytes)) };
}

async function observe(hostile: { readonly endpoint: string }) {
  const opened = await openReplication([master.endpoint, hostile.endpoint], { replyTimeoutMs: 500 });
  const seen = new Set<string>();
  const said: string[] = [];
  opened.replication.topology$.subscribe(({ kind, nodes }) => {
    seen.add(kind);
    nodes.forEach((node) => node.kind === 'unusable' && said.push(node.message));
  });
  return { ...opened, seen, said };
}

type Observed = Awaited<ReturnType<typeof observe>>;

/** The app works, the other node is observed, and what is said of the hostile one is short. */
async function expectUnharmed({ replication, writer, notes, seen, said }: Observed): Promise<void> {
  const since = performance.now();
  await until('the master is observed', () => replication.hasAnsweredSince(master.endpoint, since));
  expect(await writer.set('key', 'value')).toBe('OK');
  expect([...seen]).toEqual(['steady']);
  // At most that the master is found, that the node cannot be used, and that it can be used again.
  expect(notes.length).toBeLessThan(15);
  for (const text of [...notes, ...said]) {
    expect(text).toMatch(/^[\P{Cc}]{1,400}$/u);
  }
}

describe.each(patterns)('%s', (_, bytes) => {
  test.each(['HELLO', 'INFO'] as const)('in place of the reply to %s does no harm', async (command) => {
    const hostile = await startHostileNode(bytes, command);
    const observed = await observe(hostile);
    await until('it has attacked several times', () => hostile.state.attacks >= 2);
    await until('it cannot be used', () => observed.said.length > 0);
    await expectUnharmed(observed);
  });

  test('that nobody asked for does no harm', async () => {
    const hostile = await startHostileNode(bytes, 'nothing');
    const observed = await observe(hostile);
    const countProbes = () => hostile.commands.filter(([name]) => name === 'INFO').length;
    for (let attack = 0; attack < 3; attack += 1) {
      const probes = countProbes();
      await until('it is probed', () => countProbes() > probes + 1);
      hostile.sendToAll();
    }
    await expectUnharmed(observed);
  });
});
