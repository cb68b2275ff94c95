import { monotonicMs } from '../../lib/clock/clock.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

interface Line {
  readonly id: string;
  readonly port: number;
  readonly flags: string;
  readonly master: string;
  /** Of the configuration that it announces. */
  readonly epoch: string;
  readonly slots: readonly string[];
}

export async function linesOf(node: RedisServer): Promise<readonly Line[]> {
  const text = String(await node.command('CLUSTER', 'NODES'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', address = '', flags = '', master = '', , , epoch = '', , ...slots] = line.split(' ');
      return { id, port: Number(/:(\d+)/.exec(address)?.[1]), flags, master, epoch, slots };
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
  const bus = String(await other.command('CONFIG', 'GET', 'cluster-port')).split(',')[1] ?? '';
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
