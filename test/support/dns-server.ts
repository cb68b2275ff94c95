import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { answerQuery, readQuestion, type Reply } from './dns-message.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { listen } from '../../lib/testing/network/listener.js';

export interface DnsServer {
  /** What it answers by name. A name that is not in here does not exist. May be changed at any time. */
  readonly zone: Record<string, Reply>;
  /** The names that were asked for, in order. */
  readonly questions: readonly string[];
  /** Asks this server only. Its answers have their time to live. */
  readonly resolver: Resolver;
  /** All addresses of a name, IPv4 and IPv6. Rejects as `Resolver` does if there is none of either. */
  lookup(hostname: string): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
}

type Transport = 'udp' | 'tcp';
type Answer = (query: Buffer, transport: Transport) => Buffer | undefined;

/** A name server on loopback, by UDP and, for answers that are too long for it, by TCP. Ends with the test. */
export async function startDnsServer(zone: Record<string, Reply> = {}): Promise<DnsServer> {
  const questions: string[] = [];
  const answer: Answer = (query, transport) => {
    const { name } = readQuestion(query);
    questions.push(name);
    return answerQuery(query, zone[name] ?? 'NXDOMAIN', transport);
  };
  const port = await findFreePort();
  await Promise.all([serveUdp(port, answer), serveTcp(port, answer)]);
  const resolver = new Resolver({ timeout: 300, tries: 1 });
  resolver.setServers([`${host}:${port}`]);
  onTestFinished(() => resolver.cancel());
  return { zone, questions, resolver, lookup: (hostname) => lookupAll(resolver, hostname) };
}

const host = '127.0.0.1';

async function serveUdp(port: number, answer: Answer): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port: from, address }) => {
    const reply = answer(query, 'udp');
    if (reply !== undefined) socket.send(reply, from, address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  onTestFinished(async () => void (await once(socket.close(), 'close')));
}

/** Messages are preceded by their length. A query fits into one packet. */
async function serveTcp(port: number, answer: Answer): Promise<void> {
  const { stop } = await listen(
    (socket) =>
      socket.on('data', (data) => {
        const reply = answer(data.subarray(2), 'tcp');
        if (reply === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      }),
    { host, port },
  );
  onTestFinished(stop);
}

async function lookupAll(resolver: Resolver, hostname: string) {
  const answers = await Promise.allSettled([
    resolver.resolve4(hostname, { ttl: true }),
    resolver.resolve6(hostname, { ttl: true }),
  ]);
  const found = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const [first] = answers;
  if (found.length === 0 && first.status === 'rejected') throw first.reason;
  return found;
}
