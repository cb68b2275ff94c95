import type { Command } from 'ioredis';
import { refuseWrites, settingsFor, type ConnectionOptions } from '../connections/create-connections.js';
import { duplicateSettings } from '../connections/following-settings.js';
import { FollowingRedis } from '../connections/following-redis.js';
import type { OutcomeSettings } from '../connections/outcomes/outcome-settings.js';
import { pickReader, pickWriter, type ReadFrom } from '../topology/pick.js';
import type { Topology, TopologyNode } from '../topology/topology.js';

/** Which node of each shard a cluster connection uses. */
export type ShardUse = { readonly role: 'writer' } | { readonly role: 'reader'; readonly readFrom: ReadFrom };

interface ShardConnectionOptions extends ConnectionOptions, Pick<OutcomeSettings, 'isRefusal' | 'redirect'> {
  readonly use: ShardUse;
  /** A duplicate opens no sockets in advance, because there may be many of them. */
  readonly isDuplicate: boolean;
}

/** The connection of a cluster to one shard: it follows the shard's master, or the node that its readers use. */
export class ShardConnection extends FollowingRedis {
  /** Passes on the held commands that belong to another shard by now. */
  moveHeld(isElsewhere: (command: Command) => boolean, move: (command: Command) => void): void {
    for (const { command, inContext } of this.outcomes.takeHeld(isElsewhere)) {
      inContext(() => move(command));
    }
  }
}

export function createShardConnection(options: ShardConnectionOptions): ShardConnection {
  const { use, isDuplicate, isRefusal, redirect } = options;
  const { line, redis, ...settings } = settingsFor(options, choiceFor(use));
  const common = {
    ...settings,
    isRefusal,
    redirect,
    tellsRecovery: use.role === 'writer',
    line: { ...line, ...(use.role === 'writer' && { candidates: promotable }) },
    // A replica in a cluster sends clients to its master, unless they say that they only read.
    redis: { ...redis, readOnly: use.role === 'reader' },
    ...(use.role === 'reader' && { refuse: refuseWrites(options.account) }),
  };
  return new ShardConnection(
    isDuplicate ? { ...duplicateSettings(common, {}), begin: 'when asked' } : common,
  );
}

function choiceFor(use: ShardUse) {
  return (topology: Topology, current: string | undefined) =>
    use.role === 'writer'
      ? pickWriter(topology, { requireMajority: false })
      : pickReader(topology, { readFrom: use.readFrom, current, random: Math.random() });
}

/** While the cluster is down, its replicas refuse commands too, and one of them is promoted nevertheless. */
function promotable({ nodes }: Topology): readonly TopologyNode[] {
  return nodes.filter(
    (node) => node.kind === 'replica' || (node.kind === 'unusable' && node.fault === 'CLUSTERDOWN'),
  );
}
