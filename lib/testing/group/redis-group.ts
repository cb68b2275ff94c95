import { randomUUID } from 'node:crypto';
import type { NodeSource } from '../../sources/node-source.js';
import { sentinelNodes } from '../../sources/sentinel/sentinel-nodes.js';
import { staticNodes } from '../../sources/static-nodes.js';
import type { TcpProxy } from '../network/tcp-proxy.js';
import { createCertificates } from '../servers/certificates.js';
import type { Certificates } from '../servers/certificates.js';
import type { RedisServer } from '../servers/redis-server.js';
import { restoreGroup } from '../servers/restore-group.js';
import { startSentinels } from '../servers/sentinel-group.js';
import type { SentinelGroup } from '../servers/sentinel-group.js';
import { startGroup } from '../servers/server-group.js';
import type { GroupOptions } from '../servers/server-group.js';
import { failOver, type FailoverKind, type FailoverOptions, type GroupFailover } from './fail-over.js';
import { startGatedServer } from './gated-server.js';
import { checkGroupOptions, type RedisGroupOptions } from './group-options.js';
import { lag, partition, type EndFault, type PartitionOptions } from './network-faults.js';
import type { Stage } from './stage.js';
import { twoMasters, type TwoMastersKind } from './two-masters.js';

/**
 * A master with replicas, in sync, as processes of this machine, with what can happen to them. They keep nothing on disk.
 *
 * @publicApi
 */
export interface RedisGroup {
  /** The master and the replicas by their roles at the start; a later failover does not change these names. */
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** The first master, then the first replicas. */
  readonly nodes: readonly RedisServer[];
  /** `host:port` of each node. */
  readonly endpoints: readonly string[];
  /** The Sentinels, and the name under which they know the master; absent where the option is not set. */
  readonly sentinels?: {
    readonly name: string;
    readonly nodes: readonly RedisServer[];
    readonly endpoints: readonly string[];
  };
  /** For the option `source` of the module: the nodes, or the Sentinels where there are some. */
  readonly source: NodeSource;
  /** For the option `redis` of the module: the first of `users`, and whom to trust where there is TLS. */
  readonly redis: {
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca: string };
  };
  /** Replaces the master. Resolves when another node is the master and the rest follow it. */
  failOver(kind: FailoverKind, options?: FailoverOptions): Promise<GroupFailover>;
  /** Cuts a node off from the app, and from the other nodes. Returns how to end it. */
  partition(node: RedisServer, options?: PartitionOptions): Promise<EndFault>;
  /**
   * From now on, a replica gets what its master sends `delayMs` later, as long as that connection lasts. Returns how to
   * end it.
   */
  lag(replica: RedisServer, delayMs: number): Promise<EndFault>;
  /** Has two nodes claim to be the master. Returns them. Not in a group with Sentinels, which would end it. */
  twoMasters(kind?: TwoMastersKind): Promise<readonly [RedisServer, RedisServer]>;
  /** Ends all faults: each node runs, is empty and has its first role again. What `CONFIG SET` has changed stays. */
  restore(): Promise<void>;
  /** Ends all processes and removes their folders. */
  stop(): Promise<void>;
}

/**
 * Starts real servers for a test. Needs a Redis or Valkey server on this machine, 6.2 or newer.
 *
 * @throws TypeError for an option that is not allowed; Error where there is no server program, or it does not start.
 * @publicApi
 */
export async function startRedisGroup(options: RedisGroupOptions = {}): Promise<RedisGroup> {
  checkGroupOptions(options);
  const gates = new Map<RedisServer, TcpProxy>();
  const started: { sentinels: SentinelGroup | undefined } = { sentinels: undefined };
  const stop = async () => {
    const ends = [...gates.keys(), ...(started.sentinels?.sentinels ?? [])];
    await Promise.all(ends.map((each) => each.stop()));
  };
  try {
    const settings = await settingsFor(options);
    const servers = await startGroup(settings, async (each) => {
      const { server, gate } = await startGatedServer(each);
      gates.set(server, gate);
      return server;
    });
    const { sentinels: count = 0 } = options;
    started.sentinels = count > 0 ? await startSentinels(servers, { count }) : undefined;
    return describe({
      stage: { servers, gates, sentinels: started.sentinels, isolated: new Set() },
      stop,
      options,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** With `users`, nobody else may connect but the kit itself, which needs a user that may do everything. */
async function settingsFor({
  replicas = 1,
  tls,
  users = [],
  server,
  args = [],
}: RedisGroupOptions): Promise<GroupOptions> {
  return {
    replicas,
    args,
    server,
    users,
    tls: tls === true ? await createCertificates() : tls,
    ...(users.length > 0 && { user: `test-kit-${randomUUID()}`, password: randomUUID() }),
  };
}

interface Parts {
  readonly stage: Stage;
  readonly stop: () => Promise<void>;
  readonly options: RedisGroupOptions;
}

function describe({ stage, stop, options }: Parts): RedisGroup {
  const { servers, sentinels } = stage;
  const { tls } = servers.options;
  const [user] = options.users ?? [];
  return {
    master: servers.master,
    replicas: servers.replicas,
    nodes: servers.nodes,
    endpoints: servers.endpoints,
    ...(sentinels !== undefined && {
      sentinels: { name: sentinels.name, nodes: sentinels.sentinels, endpoints: sentinels.endpoints },
    }),
    source: sourceOf(stage, tls),
    redis: {
      ...(user !== undefined && { username: user.name, password: user.password }),
      ...(tls !== undefined && { tls: { ca: tls.ca } }),
    },
    failOver: (kind, how) => failOver(stage, kind, how),
    partition: (node, how) => partition(stage, node, how),
    lag: (replica, delayMs) => lag(stage, replica, delayMs),
    twoMasters: (kind) => twoMasters(stage, kind),
    restore: () => restore(stage),
    stop,
  };
}

function sourceOf({ servers, sentinels }: Stage, tls: Certificates | undefined): NodeSource {
  return sentinels === undefined
    ? staticNodes(servers.endpoints)
    : sentinelNodes({
        name: sentinels.name,
        sentinels: sentinels.endpoints,
        ...(tls !== undefined && { tls: { ca: tls.ca } }),
      });
}

async function restore({ servers, gates, sentinels, isolated }: Stage): Promise<void> {
  for (const [node, gate] of gates) {
    gate.heal();
    if (node.state !== 'ended') {
      await gate.accept();
    }
  }
  isolated.clear();
  for (const sentinel of sentinels?.sentinels ?? []) {
    sentinel.resume();
    if (sentinel.state === 'ended') {
      await sentinel.restart();
    }
  }
  // They would undo what is done to the nodes.
  await sentinels?.release();
  await restoreGroup(servers);
  await sentinels?.watch(servers.master);
}
