import { TLSSocket, type DetailedPeerCertificate } from 'node:tls';
import { firstValueFrom } from 'rxjs';
import { epochOffsetMs, monotonicMs } from '../../clock/clock.js';
import type { Dial, DialOptions } from '../../sockets/dial.js';
import type { Endpoint } from '../../topology/endpoint.js';
import { safeText } from '../../topology/safe-text.js';
import type { Certificate, NodeFacts, Reach } from '../facts.js';
import type { Stopwatch } from './stopwatch.js';
import { failureOf } from './within.js';

interface Reaching {
  readonly dial: Dial;
  readonly options: DialOptions;
  readonly stopwatch: Stopwatch;
}

/** Opens a socket step by step: first without TLS, then with it where the app uses it. Sends nothing. */
export async function reachNode(
  endpoint: Endpoint,
  { dial, options, stopwatch }: Reaching,
): Promise<Pick<NodeFacts, 'reach' | 'certificates'>> {
  const { tls, ...plain } = options;
  const { host, port } = endpoint;
  const tcp = await stopwatch.time('tcp', () => tryDial(dial, { host, port }, plain));
  if (tcp.kind === 'failed' || (tls === undefined && endpoint.tls !== true)) {
    return { reach: tcp, certificates: [] };
  }
  return stopwatch.time('tls', async () => {
    try {
      const socket = await firstValueFrom(dial(endpoint, options));
      const certificates = socket instanceof TLSSocket ? readChain(socket) : [];
      socket.on('error', () => undefined).destroy();
      return { reach: { kind: 'open' }, certificates };
    } catch (error) {
      return { reach: failureOf(error), certificates: [] };
    }
  });
}

/** Whether the address accepts a connection. */
export async function tryDial(dial: Dial, endpoint: Endpoint, options: DialOptions): Promise<Reach> {
  try {
    const socket = await firstValueFrom(dial(endpoint, options));
    socket.on('error', () => undefined).destroy();
    return { kind: 'open' };
  } catch (error) {
    return failureOf(error);
  }
}

/** A chain ends with a certificate that has issued itself. */
const LONGEST_CHAIN = 8;
const DAY_MS = 86_400_000;

function readChain(socket: TLSSocket): readonly Certificate[] {
  const now = monotonicMs() + epochOffsetMs();
  const chain: Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.valid_to !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push({
      subject: safeText(String(next.subject?.CN ?? next.subjectaltname ?? '')),
      issuer: safeText(String(next.issuer?.CN ?? next.issuer?.O ?? '')),
      daysLeft: Math.floor((Date.parse(next.valid_to) - now) / DAY_MS),
    });
    const issuer: DetailedPeerCertificate | undefined = next.issuerCertificate;
    next = issuer?.fingerprint256 === next.fingerprint256 ? undefined : issuer;
  }
  return chain;
}
