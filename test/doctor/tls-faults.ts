import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuthority, type Certificates } from '../../lib/testing/servers/certificates.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { impatient, type Fault } from './fault.js';

const DAY_MS = 86_400_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY_MS);

/** A server with such a certificate, and the command line for it. */
async function serverWith(certificates: Certificates) {
  const server = await startRedisServer({ tls: certificates });
  onTestFinished(() => server.stop());
  const folder = await makeTemporaryFolder('doctor');
  onTestFinished(() => folder.remove());
  const ca = join(folder.path, 'ca.pem');
  await writeFile(ca, certificates.ca);
  return { endpoint: server.endpoint, args: ['--tls', '--ca', ca, server.endpoint] };
}

async function issue(names: readonly string[], notAfter?: Date): Promise<Certificates> {
  return (await createAuthority()).issue(names, notAfter);
}

/** Certificates, and ports that speak something else. */
export const tlsFaults: readonly Fault[] = [
  {
    name: 'a port that speaks TLS, for an app that does not',
    arrange: async () => ({ args: [(await serverWith(await issue(['127.0.0.1']))).endpoint] }),
    finds: 'tls-expected',
    severity: 'error',
    remedy: /rediss:\/\/127\.0\.0\.1:\d+/,
  },
  {
    name: 'a port without TLS, for an app that speaks it',
    arrange: ({ group }) => ({ args: [...impatient, '--tls', ...group.endpoints] }),
    finds: 'tls-not-spoken',
    severity: 'error',
    remedy: /`tls-port`/,
  },
  {
    name: 'an authority that is not trusted',
    arrange: async () => ({ args: ['--tls', (await serverWith(await issue(['127.0.0.1']))).endpoint] }),
    finds: 'tls-untrusted',
    severity: 'error',
    remedy: /`--ca <file>`/,
  },
  {
    name: 'a certificate for another name',
    arrange: async () => ({ args: (await serverWith(await issue(['redis.example']))).args }),
    finds: 'tls-name',
    severity: 'error',
    what: /127\.0\.0\.1 is not in the cert's list/,
    remedy: /`--servername <name>`/,
  },
  {
    name: 'a certificate that has expired',
    arrange: async () => ({ args: (await serverWith(await issue(['127.0.0.1'], daysFromNow(-1)))).args }),
    finds: 'tls-expired',
    severity: 'error',
    remedy: /`CONFIG SET tls-cert-file <file> tls-key-file <file>`/,
  },
  {
    name: 'a certificate that expires soon',
    arrange: async () => ({ args: (await serverWith(await issue(['127.0.0.1'], daysFromNow(20.5)))).args }),
    finds: 'tls-expires',
    what: /expires in 20 days/,
    remedy: /`CONFIG SET tls-cert-file <file> tls-key-file <file>`/,
  },
];
