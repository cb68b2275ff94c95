import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** PEM texts, as Node and ioredis take them in their `tls` options. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A new certificate authority, and a server certificate from it for 127.0.0.1, localhost, and these names and addresses. */
export async function createCertificates(more: readonly string[] = []): Promise<Certificates> {
  const options = { keyType: 'ec', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'Test authority' }], {
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...options,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: ['localhost', '127.0.0.1', ...more].map(toAltName),
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}

function toAltName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
