import { once } from 'node:events';
import { createServer, type Server, type ConnectionOptions } from 'node:tls';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dial } from '../../lib/sockets/dial.js';
import type { Endpoint } from '../../lib/topology/endpoint.js';
import { createAuthority, type Certificates } from '../../lib/testing/servers/certificates.js';

let certificates: Certificates;
let server: Server;
/** The names that clients ask for in the handshake. */
const asked: unknown[] = [];

beforeAll(async () => {
  certificates = await (await createAuthority()).issue(['a.test', 'b.test', '127.0.0.9']);
  server = createServer({ key: certificates.key, cert: certificates.cert }, (socket) => {
    asked.push(socket.servername);
    socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => server.close());

type Names = Endpoint['servername'];

/** `verified`, or the code of the error. */
async function connect(servername: Names, tls: ConnectionOptions = {}): Promise<string> {
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const endpoint = { host: '127.0.0.1', port, ...(servername !== undefined && { servername }) };
  try {
    const options = { tls: { ca: certificates.ca, ...tls }, connectTimeoutMs: 5000 };
    const socket = await lastValueFrom(dial(endpoint, options));
    socket.on('error', () => undefined).resume();
    await once(socket, 'close');
    return 'verified';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const MISMATCH = 'ERR_TLS_CERT_ALTNAME_INVALID';

test.each<[string, Names, { readonly outcome: string; readonly asks: string | false }]>([
  ['the host, by default', undefined, { outcome: MISMATCH, asks: false }],
  ['one name', 'a.test', { outcome: 'verified', asks: 'a.test' }],
  ['another name', 'evil.test', { outcome: MISMATCH, asks: 'evil.test' }],
  ['names of which the first matches', ['a.test', 'other.test'], { outcome: 'verified', asks: 'a.test' }],
  ['names of which the last matches', ['other.test', 'b.test'], { outcome: 'verified', asks: 'other.test' }],
  ['names of which none matches', ['other.test', 'evil.test'], { outcome: MISMATCH, asks: 'other.test' }],
  ['an address that matches, and a name', ['127.0.0.9', 'x.test'], { outcome: 'verified', asks: 'x.test' }],
  ['addresses only', ['127.0.0.8', '127.0.0.9'], { outcome: 'verified', asks: false }],
  ['other addresses only', ['127.0.0.8'], { outcome: MISMATCH, asks: false }],
])('a certificate is verified against %s', async (_what, servername, { outcome, asks }) => {
  asked.splice(0);
  expect(await connect(servername)).toBe(outcome);
  if (outcome === 'verified') expect(asked).toEqual([asks]);
});

test('"servername" of the user comes before the names of a node, also where these match', async () => {
  expect(await connect('other.test', { servername: 'b.test' })).toBe('verified');
  expect(await connect(['a.test'], { servername: 'other.test' })).toBe(MISMATCH);
});

test('a check of the user replaces ours', async () => {
  const hosts: string[] = [];
  const checkServerIdentity = (host: string) => {
    hosts.push(host);
    return undefined;
  };
  expect(await connect(['other.test'], { checkServerIdentity })).toBe('verified');
  expect(hosts).toEqual(['other.test']);
});

test('a certificate that no trusted authority issued is refused, whatever its names', async () => {
  const other = await (await createAuthority()).issue(['a.test']);
  expect(await connect('a.test', { ca: other.ca })).toMatch(/^(CERT|UNABLE|SELF_SIGNED)_/);
});
