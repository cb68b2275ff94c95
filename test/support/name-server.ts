import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answerQuery, readQuestion, type Reply } from './dns-message.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { listen } from '../../lib/testing/network/listener.js';

export interface NameServer {
  /** `host:port`, for UDP and TCP. */
  readonly endpoint: string;
  /** What it answers by name. A name that is not in here does not exist. May be changed at any time. */
  readonly zone: Record<string, Reply>;
  /** The names that were asked for, in order. */
  readonly questions: readonly string[];
  stop(): Promise<void>;
}

type Transport = 'udp' | 'tcp';
type Answer = (query: Buffer, transport: Transport) => Buffer | undefined;

/** A name server on loopback, by UDP and, for answers that are too long for it, by TCP. */
export async function startNameServer(zone: Record<string, Reply> = {}): Promise<NameServer> {
  const questions: string[] = [];
  const answer: Answer = (query, transport) => {
    const { name } = readQuestion(query);
    questions.push(name);
    return answerQuery(query, zone[name] ?? 'NXDOMAIN', transport);
  };
  const port = await findFreePort();
  const stops = await Promise.all([serveUdp(port, answer), serveTcp(port, answer)]);
  return {
    endpoint: `${host}:${port}`,
    zone,
    questions,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

const host = '127.0.0.1';

type Stop = () => Promise<unknown>;

async function serveUdp(port: number, answer: Answer): Promise<Stop> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port: from, address }) => {
    const reply = answer(query, 'udp');
    if (reply !== undefined) socket.send(reply, from, address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return () => once(socket.close(), 'close');
}

/** Messages are preceded by their length. A query fits into one packet. */
async function serveTcp(port: number, answer: Answer): Promise<Stop> {
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
  return stop;
}
