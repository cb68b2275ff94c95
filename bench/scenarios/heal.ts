import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, whenInSync } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';
import type { Change, Round } from './scenario.js';
import type { Stage } from './stage.js';

/** All others are in sync replicas of the new master. */
export async function regroup({ stage }: Round, { to }: Change): Promise<void> {
  const others = stage.group.nodes.filter((node) => node !== to);
  await Promise.all(others.map((node) => follow(node, to)));
  await whenInSync(to, others);
}

/** The old master was killed. It restarts as a replica and never reports, even briefly, that it is a master. */
export async function reviveAndRegroup(round: Round, change: Change): Promise<void> {
  await restartAsReplica(round.master, change.to);
  await regroup(round, change);
}

export async function restartAsReplica(node: RedisServer, master: RedisServer): Promise<void> {
  await node.restart(['--replicaof', master.host, String(master.port)]);
}

/** Waits until the Sentinels have ended their failover and know the role of every node. */
export async function whenSentinelsAgree({ sentinels, group }: Stage, master: RedisServer): Promise<void> {
  if (sentinels === undefined) return;
  await sentinels.whenAllName(master);
  const replicas = group.nodes.filter((node) => node !== master).map(({ endpoint }) => endpoint);
  await Promise.all(sentinels.sentinels.map((one) => whenSees(one, sentinels.name, replicas)));
}

async function whenSees(sentinel: RedisServer, name: string, endpoints: readonly string[]): Promise<void> {
  let seen: readonly Fields[] = [];
  const seesAll = async () => {
    const replies = await sentinel.command('SENTINEL', 'REPLICAS', name);
    seen = Array.isArray(replies) ? replies.map(toFields) : [];
    const healthy = seen.filter((each) => each.get('flags') === 'slave').map((each) => each.get('name'));
    return endpoints.every((endpoint) => healthy.includes(endpoint));
  };
  await until(`Sentinel ${sentinel.endpoint} sees both replicas`, seesAll, {
    timeoutMs: 20_000,
    state: () => seen.map((each) => `${each.get('name')} ${each.get('flags')}`).join(', '),
  });
}

type Fields = ReadonlyMap<string, string>;

function toFields(reply: unknown): Fields {
  const items = Array.isArray(reply) ? reply.map(String) : [];
  return new Map(items.flatMap((key, index) => (index % 2 === 0 ? [[key, items[index + 1] ?? '']] : [])));
}
