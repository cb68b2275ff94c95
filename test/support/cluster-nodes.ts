import { monotonicMs } from '../../lib/clock/clock.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { serverAtLeast } from './server-under-test.js';

interface Line {
  readonly id: string;
  readonly port: number;
  /** The port of the cluster bus. */
  readonly bus: string;
  readonly flags: string;
  readonly master: string;
  /** Of the configuration that it announces. */
  readonly epoch: string;
  readonly slots: readonly string[];
}

/** The options of a server in cluster mode. Its bus has a port of its own; in Redis 6.2 always that of clients plus 10,000. */
export async function clusterMode(): Promise<readonly string[]> {
  const bus = serverAtLeast('Redis 7.0') ? ['--cluster-port', String(await findFreePort())] : [];
  return ['--cluster-enabled', 'yes', ...bus];
}

export async function addSlots(node: RedisServer, first: number, last: number): Promise<void> {
  const slots = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  await node.command('CLUSTER', 'ADDSLOTS', ...slots);
}

export async function linesOf(node: RedisServer): Promise<readonly Line[]> {
  const text = String(await node.command('CLUSTER', 'NODES'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', address = '', flags = '', master = '', , , epoch = '', , ...slots] = line.split(' ');
      const [, port, bus = ''] = /:(\d+)@(\d+)/.exec(address) ?? [];
      return { id, port: Number(port), bus, flags, master, epoch, slots };
    });
}

export async function idOf(node: RedisServer | undefined): Promise<string> {
  return String(await node?.command('CLUSTER', 'MYID'));
}

export async function running(nodes: readonly RedisServer[]): Promise<readonly RedisServer[]> {
  const answers = await Promise.all(
    nodes.map((node) =>
      node.command('PING').then(
        () => [node],
        () => [],
      ),
    ),
  );
  return answers.flat();
}

export async function meet(node: RedisServer, other: RedisServer | undefined): Promise<void> {
  if (other === undefined) throw new Error('There is no node to meet');
  const { bus = '' } = (await linesOf(other)).find(({ flags }) => flags.includes('myself')) ?? {};
  await node.command('CLUSTER', 'MEET', other.host, other.port, bus);
}

/**
 * Waits until all nodes know each other. A server gives an introduction up after a second, which a busy machine may take; those
 * that are strangers still are introduced to each other again then.
 */
export async function whenAcquainted(nodes: readonly RedisServer[]): Promise<void> {
  let introducedAt = monotonicMs();
  await until(
    'all nodes know each other',
    async () => {
      const strangers = await findStrangers(nodes);
      if (strangers.length > 0 && monotonicMs() - introducedAt > 2000) {
        introducedAt = monotonicMs();
        await Promise.all(strangers.map(([node, other]) => meet(node, other)));
      }
      return strangers.length === 0;
    },
    { timeoutMs: 30_000 },
  );
}

/** Each node with each other one that it does not know. */
async function findStrangers(
  nodes: readonly RedisServer[],
): Promise<(readonly [RedisServer, RedisServer])[]> {
  const pairs = await Promise.all(
    nodes.map(async (node) => {
      const lines = await linesOf(node);
      const known = lines.filter(({ flags }) => !/handshake|noaddr/.test(flags)).map(({ port }) => port);
      return nodes.filter(({ port }) => !known.includes(port)).map((other) => [node, other] as const);
    }),
  );
  return pairs.flat();
}
