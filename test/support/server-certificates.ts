import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from '../../lib/testing/servers/certificates.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

/** Makes a running server show another certificate, and trust another authority; `ca` may be several. */
export async function useCertificates(
  server: RedisServer,
  { ca, cert, key }: Partial<Certificates>,
): Promise<void> {
  const [, folder = ''] = [await server.command('CONFIG', 'GET', 'dir')].flat().map(String);
  const given = { 'tls-ca-cert-file': ca, 'tls-cert-file': cert, 'tls-key-file': key };
  const changes: string[] = [];
  for (const [option, text] of Object.entries(given)) {
    if (text === undefined) continue;
    const file = join(folder, `${option}.pem`);
    await writeFile(file, text);
    changes.push(option, file);
  }
  // All at once, since a certificate and a key that do not fit are refused.
  await server.command('CONFIG', 'SET', ...changes);
}
