import { createServer, type Server, type SecureContextOptions } from 'node:tls';
import { once } from 'node:events';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChangingTls, withTls, type TlsProvider } from '../../lib/sockets/changing-tls.js';
import { dial } from '../../lib/sockets/dial.js';
import type { LogLine } from '../../lib/topology/log-line.js';
import { createAuthority, type Certificates } from '../../lib/testing/servers/certificates.js';

let server: Server;
let own: Certificates;
let other: Certificates;

beforeAll(async () => {
  own = await (await createAuthority()).issue(['127.0.0.1']);
  other = await (await createAuthority('Another authority')).issue(['127.0.0.1']);
  server = createServer({ key: own.key, cert: own.cert }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => server.close());

function open(provider: TlsProvider) {
  const told: string[] = [];
  const notices = { raise: ({ text }: LogLine) => told.push(`+ ${text}`), end: () => told.push('-') };
  const secured = withTls(dial, new ChangingTls({ provider, fixed: {}, notices }));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    told,
    /** `connected`, or the code and message of the error. */
    connect: async (connectTimeoutMs = 5000) => {
      try {
        const reached$ = secured({ host: '127.0.0.1', port }, { connectTimeoutMs });
        (await lastValueFrom(reached$)).on('error', () => undefined).destroy();
        return 'connected';
      } catch (error) {
        return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : error;
      }
    },
  };
}

const usable = () => ({ ca: own.ca });

test('the app is asked for each connection, and once for those that are opened at the same time', async () => {
  let calls = 0;
  const { connect } = open(async () => {
    calls += 1;
    return usable();
  });
  expect(await Promise.all([connect(), connect(), connect()])).toEqual(Array(3).fill('connected'));
  expect(calls).toBe(1);
  expect(await connect()).toBe('connected');
  expect(calls).toBe(2);
});

test('what the app gives counts for the connections from then on', async () => {
  const given: SecureContextOptions[] = [{ ca: other.ca }, usable(), { ca: other.ca }];
  const { connect } = open(() => given.shift() ?? {});
  expect(await connect()).toMatch(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE /);
  expect(await connect()).toBe('connected');
  expect(await connect()).toMatch(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE /);
});

const noObject: { give(): SecureContextOptions } = Object.assign({ give: usable }, { give: () => [] });

type Fault = readonly [string, () => SecureContextOptions | Promise<SecureContextOptions>, RegExp];

const faults: readonly Fault[] = [
  [
    'throws',
    () => {
      throw new Error('ENOENT: no such file, ca.pem');
    },
    /ENOENT: no such file, ca\.pem/,
  ],
  ['gives no PEM', () => ({ ca: own.ca, cert: 'half a file', key: own.key }), /PEM|no start line/i],
  ['gives a key of another certificate', () => ({ ...own, key: other.key }), /mismatch/i],
  ['gives no object', () => noObject.give(), /it is an array; allowed is an object such as \{ ca/],
  [
    'gives what cannot change',
    () => Object.assign({ rejectUnauthorized: false }, usable()),
    /"rejectUnauthorized" does not change while the app runs; set it in "redis\.tls"/,
  ],
  ['does not answer', () => new Promise(() => undefined), /no answer within 200 ms/],
];

test.each(faults)('an app that %s is told so, and cannot connect at first', async (_what, give, message) => {
  const { connect, told } = open(give);
  const failure = String(await connect(400));
  expect(failure).toMatch(/^ERR_TLS_OPTIONS the app gave no TLS options: /);
  expect(failure).toMatch(message);
  expect(told).toHaveLength(1);
});

test.each(faults)('an app that %s connects with what it gave before', async (_what, give, message) => {
  const given = [usable, give, give, usable];
  const { connect, told } = open(() => (given.shift() ?? usable)());
  for (let attempt = 1; attempt <= 4; attempt += 1) expect(await connect(400)).toBe('connected');
  expect(told.filter((text) => text.startsWith('+'))).toHaveLength(2);
  expect(told[1]).toMatch(message);
  expect(told.at(-1)).toBe('-');
});
