import { isIP } from 'node:net';

/** PEM texts, as Node and ioredis take them in their `tls` options. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A new certificate authority, and a server certificate from it for 127.0.0.1, localhost, and these names and addresses. */
export async function createCertificates(more: readonly string[] = []): Promise<Certificates> {
  const { issue } = await createAuthority();
  return issue(['localhost', '127.0.0.1', ...more]);
}

export interface Authority {
  /** A server certificate for these names and addresses only. It is valid for a year, if `notAfter` does not end it before. */
  readonly issue: (names: readonly string[], notAfter?: Date) => Promise<Certificates>;
}

/** A new certificate authority. Two that are trusted together need different names. */
export async function createAuthority(name = 'Test authority'): Promise<Authority> {
  const generate = await loadGenerator();
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const issue = async (names: readonly string[], notAfter?: Date) => {
    const server = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
      ...options,
      ...(notAfter && { notBeforeDate: new Date(0), notAfterDate: notAfter }),
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: names.map(toAltName) },
      ],
    });
    return { ca: authority.cert, cert: server.cert, key: server.private };
  };
  return { issue };
}

/** Loaded when it is needed, because those whose servers use no TLS do without it. */
async function loadGenerator() {
  try {
    return (await import('selfsigned')).generate;
  } catch (error) {
    throw new Error(
      'certificates are made by the package selfsigned: run npm install --save-dev selfsigned',
      {
        cause: error,
      },
    );
  }
}

const options = { keyType: 'ec', algorithm: 'sha256' } as const;

function toAltName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
