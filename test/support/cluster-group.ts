import { slotOf } from '../../lib/cluster/slots.js';
import type { Certificates } from '../../lib/testing/servers/certificates.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { addSlots, clusterMode, idOf, linesOf, meet, running, whenAcquainted } from './cluster-nodes.js';
import { serverAtLeast } from './server-under-test.js';

export interface ClusterGroup {
  readonly nodes: readonly RedisServer[];
  readonly endpoints: readonly string[];
  /** The present master of the shard that serves the key. */
  masterOf(key: string): Promise<RedisServer>;
  /** The same, by the slot. */
  masterOfSlot(slot: number): Promise<RedisServer>;
  /** The present replicas of a master, as soon as it has any. */
  replicasOf(master: RedisServer): Promise<readonly RedisServer[]>;
  /** Waits until all running nodes agree on all slots, and each replica is in sync. */
  whenSettled(): Promise<void>;
  /** Starts one more node and lets it meet the others; it has no slots, or follows `master`. */
  add(master?: RedisServer): Promise<RedisServer>;
  /** Moves one slot, with its keys, as `redis-cli --cluster reshard` does. */
  moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<void>;
  /** Ends a node and starts it again with its data, at another address. It takes the place of the old one in `nodes`. */
  restartElsewhere(node: RedisServer): Promise<RedisServer>;
  /** All at once: none finds another any more, so they are introduced to each other again. */
  restartAllElsewhere(): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Default 3. */
  readonly shards?: number;
  /** Of each shard; default 1. */
  readonly replicas?: number;
  readonly args?: readonly string[];
  /** All nodes serve TLS only, and use it among themselves. */
  readonly tls?: Certificates;
  /**
   * Whether a replica takes the place of a master that does not answer, within a second. Default: only on command, so that
   * no master of a busy machine is replaced.
   */
  readonly elections?: boolean;
}

/** With which each node is started. */
interface NodeOptions {
  readonly given: readonly string[];
  readonly tls: Certificates | undefined;
}

/** Nodes get to know each other the sooner, the shorter it is. */
const FIRST_TIMEOUT_MS = 500;

/** A Redis Cluster on loopback: `shards` masters with their replicas, all in sync. */
export async function startCluster({
  shards = 3,
  replicas = 1,
  args: given = [],
  tls,
  elections = false,
}: ClusterOptions = {}): Promise<ClusterGroup> {
  const more = [
    ...(tls === undefined ? [] : ['--tls-cluster', 'yes']),
    ...(elections ? [] : ['--cluster-replica-no-failover', 'yes']),
  ];
  const args = { given: [...more, ...given], tls };
  const nodes = await Promise.all(Array.from({ length: shards * (1 + replicas) }, () => startNode(args)));
  const masters = nodes.slice(0, shards);
  await Promise.all(nodes.map((node, index) => node.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)));
  await Promise.all(nodes.slice(1).map((node) => meet(node, masters[0])));
  await Promise.all(masters.map((master, index) => assign(master, index, shards)));
  await whenAcquainted(nodes);
  await Promise.all(
    nodes
      .slice(shards)
      .map(async (node, index) => node.command('CLUSTER', 'REPLICATE', await idOf(masters[index % shards]))),
  );
  await whenSettled(nodes);
  await Promise.all(
    nodes.map((node) => node.command('CONFIG', 'SET', 'cluster-node-timeout', elections ? 500 : 2000)),
  );
  return handle(nodes, args);
}

function handle(nodes: RedisServer[], args: NodeOptions): ClusterGroup {
  /** Their folders are in use by the nodes that took their places. */
  const retired: RedisServer[] = [];
  const place = { nodes, retired, args };
  return {
    nodes,
    get endpoints() {
      return nodes.map(({ endpoint }) => endpoint);
    },
    masterOf: async (key) => ownerOf(nodes, slotOf(key)),
    masterOfSlot: (slot) => ownerOf(nodes, slot),
    replicasOf: (master) => replicasOf(nodes, master),
    whenSettled: () => whenSettled(nodes),
    add: (master) => addNode(nodes, args, master),
    moveSlot: (slot, from, to) => moveSlot(nodes, { slot, from, to }),
    restartElsewhere: (node) => restartElsewhere(place, node),
    restartAllElsewhere: () => restartAllElsewhere(place),
    async stop() {
      await Promise.all([...nodes, ...retired].map((node) => node.stop()));
    },
  };
}

interface Place {
  readonly nodes: RedisServer[];
  readonly retired: RedisServer[];
  readonly args: NodeOptions;
}

async function restartElsewhere({ nodes, retired, args }: Place, node: RedisServer): Promise<RedisServer> {
  const folder = await folderOf(node);
  await node.kill();
  retired.push(node);
  const next = await startNode({ ...args, given: [...args.given, '--dir', folder] });
  nodes[nodes.indexOf(node)] = next;
  await meet(
    next,
    (await running(nodes)).find((each) => each !== next),
  );
  return next;
}

async function restartAllElsewhere({ nodes, retired, args }: Place): Promise<void> {
  const folders = await Promise.all(nodes.map(folderOf));
  await Promise.all(nodes.map((node) => node.kill()));
  retired.push(...nodes);
  const next = await Promise.all(
    folders.map((folder) => startNode({ ...args, given: [...args.given, '--dir', folder] })),
  );
  nodes.splice(0, nodes.length, ...next);
  const pairs = nodes.flatMap((node) =>
    nodes.filter((other) => other !== node).map((other) => ({ node, other })),
  );
  await Promise.all(pairs.map(({ node, other }) => meet(node, other)));
  await whenAcquainted(nodes);
  await whenSettled(nodes);
}

async function replicasOf(
  nodes: readonly RedisServer[],
  master: RedisServer,
): Promise<readonly RedisServer[]> {
  let replicas: readonly RedisServer[] = [];
  await until(`${master.endpoint} has replicas`, async () => {
    const [id, lines] = [await idOf(master), await linesOf(master)];
    const ports = lines.filter((line) => line.master === id).map(({ port }) => port);
    replicas = nodes.filter(({ port }) => ports.includes(port));
    return replicas.length > 0;
  });
  return replicas;
}

async function addNode(
  nodes: RedisServer[],
  args: NodeOptions,
  master: RedisServer | undefined,
): Promise<RedisServer> {
  const node = await startNode(args);
  const others = await running(nodes);
  nodes.push(node);
  // To each, because they would tell one another only after half of their node timeout.
  await Promise.all(others.map((other) => meet(node, other)));
  await whenAcquainted([node, ...others]);
  // A master that has just started refuses writes for two seconds.
  await whenSettled(nodes);
  if (master !== undefined) {
    await node.command('CLUSTER', 'REPLICATE', await idOf(master));
  }
  return node;
}

async function startNode({ given, tls }: NodeOptions): Promise<RedisServer> {
  return startRedisServer({
    args: [
      ...(await clusterMode()),
      '--cluster-node-timeout',
      String(FIRST_TIMEOUT_MS),
      // Otherwise a shard that fails stops all others too.
      '--cluster-require-full-coverage',
      'no',
      // A shard keeps its replicas.
      '--cluster-allow-replica-migration',
      'no',
      '--cluster-replica-validity-factor',
      '0',
      // Redis 6.2 has no such option, and allows it.
      ...(serverAtLeast('Redis 7.0') ? ['--enable-debug-command', 'yes'] : []),
      ...given,
    ],
    tls,
  });
}

async function folderOf(node: RedisServer): Promise<string> {
  const reply = await node.command('CONFIG', 'GET', 'dir');
  return Array.isArray(reply) ? String(reply[1]) : '';
}

async function assign(master: RedisServer, index: number, shards: number): Promise<void> {
  const first = Math.floor((index * 16_384) / shards);
  const last = Math.floor(((index + 1) * 16_384) / shards) - 1;
  await addSlots(master, first, last);
}

async function ownerOf(nodes: readonly RedisServer[], slot: number): Promise<RedisServer> {
  let owner: RedisServer | undefined;
  await until(`a running master has slot ${slot}`, async () => {
    for (const node of await running(nodes)) {
      const self = (await linesOf(node)).find(({ flags }) => flags.includes('myself'));
      if (self?.flags.includes('master') === true && self.slots.some((range) => includes(range, slot))) {
        owner = node;
      }
    }
    return owner !== undefined;
  });
  if (owner === undefined) throw new Error('unreachable');
  return owner;
}

function includes(range: string, slot: number): boolean {
  const [first, last = first] = range.split('-').map(Number);
  return first !== undefined && last !== undefined && slot >= first && slot <= last;
}

async function whenSettled(nodes: readonly RedisServer[]): Promise<void> {
  await until('all nodes agree and all replicas are in sync', async () => {
    const up = await running(nodes);
    const states = await Promise.all(up.map((node) => node.command('CLUSTER', 'INFO')));
    const views = await Promise.all(up.map(linesOf));
    const owners = new Set(
      views.map((lines) =>
        lines
          .filter(({ slots }) => slots.some((slot) => !slot.startsWith('[')))
          .map(({ id, slots }) => `${id}=${slots.filter((slot) => !slot.startsWith('[')).join()}`)
          .toSorted()
          .join(';'),
      ),
    );
    const infos = await Promise.all(up.map((node) => node.command('INFO', 'replication')));
    return (
      states.every((state) => String(state).includes('cluster_state:ok')) &&
      owners.size === 1 &&
      infos.every(
        (info) => !String(info).includes('role:slave') || String(info).includes('master_link_status:up'),
      )
    );
  });
}

/**
 * Lets a replica take over from its master, and waits until it has. The servers give a hand-over up after five seconds, which
 * a busy machine may take; it is asked for again then.
 */
export async function handOver(heir: RedisServer | undefined): Promise<void> {
  if (heir === undefined) throw new Error('There is no replica to take over');
  const isMaster = async () => String(await heir.command('ROLE')).startsWith('master');
  for (let attempt = 1; ; attempt += 1) {
    await heir.command('CLUSTER', 'FAILOVER');
    try {
      return await until(`${heir.endpoint} is the master`, isMaster, { timeoutMs: 6000 });
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

interface Move {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
}

/**
 * A node that gets a slot back before it has heard of the epoch of the one that had it meanwhile does not raise its own.
 * The two then name each other as the owner for good, so nothing else may be moved until all have heard.
 */
async function moveSlot(nodes: readonly RedisServer[], { slot, from, to }: Move): Promise<void> {
  await beginMove(slot, from, to);
  await moveKeys(slot, from, to);
  const target = await idOf(to);
  await to.command('CLUSTER', 'SETSLOT', slot, 'NODE', target);
  await from.command('CLUSTER', 'SETSLOT', slot, 'NODE', target);
  await until('all nodes know the new owner of the slot', async () => {
    const views = await Promise.all((await running(nodes)).map(linesOf));
    const owners = views.map((lines) => lines.find(({ id }) => id === target));
    return new Set(owners.map((owner) => `${owner?.epoch}:${owner?.slots.join()}`)).size === 1;
  });
}

export async function beginMove(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  const [source, target] = [await idOf(from), await idOf(to)];
  await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
  await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
}

async function moveKeys(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  for (;;) {
    const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100);
    if (!Array.isArray(keys) || keys.length === 0) return;
    await from.command('MIGRATE', to.host, to.port, '', 0, 5000, 'KEYS', ...keys.map(String));
  }
}
