import { readInfo } from './info.js';
import type { RedisServer } from './redis-server.js';
import { until } from './until.js';

/** `REPLICAOF NO ONE`. */
export async function promote(node: RedisServer): Promise<void> {
  await node.command('REPLICAOF', 'NO', 'ONE');
}

/** `REPLICAOF` that master; it does not wait for the copy, see `whenInSync`. */
export async function follow(node: RedisServer, master: RedisServer): Promise<void> {
  await node.command('REPLICAOF', master.host, master.port);
}

/** A scripted switch: promotes `to` and points all others at it, without waiting in between. */
export async function plannedSwap(nodes: readonly RedisServer[], to: RedisServer): Promise<void> {
  const others = nodes.filter((node) => node !== to);
  await Promise.all([promote(to), ...others.map((node) => follow(node, to))]);
}

/** Asks `from` to hand over with `FAILOVER TO` and waits until `to` is master and `from` its synced replica. */
export async function failoverTo(from: RedisServer, to: RedisServer): Promise<void> {
  await from.command('FAILOVER', 'TO', to.host, to.port);
  await whenInSync(to, [from]);
}

/** Waits until each replica follows `master` and has everything that `master` had at the time of the call. */
export async function whenInSync(master: RedisServer, replicas: readonly RedisServer[]): Promise<void> {
  await Promise.all(replicas.map((replica) => whenReplicaInSync(master, replica)));
}

/** Waits until a node is on the history of `master`, which it may get through another replica. */
export async function whenOnHistoryOf(master: RedisServer, node: RedisServer): Promise<void> {
  await until(`${node.endpoint} is on the history of ${master.endpoint}`, async () => {
    const [its, own] = [await readInfo(master, 'replication'), await readInfo(node, 'replication')];
    return own.get('master_link_status') === 'up' && own.get('master_replid') === its.get('master_replid');
  });
}

async function whenReplicaInSync(master: RedisServer, replica: RedisServer): Promise<void> {
  let seen: object = {};
  const isInSync = async () => {
    // The master first: an offset read later could only be larger.
    const upstream = await readInfo(master, 'replication');
    const copy = await readInfo(replica, 'replication');
    seen = { master: Object.fromEntries(upstream), replica: Object.fromEntries(copy) };
    return (
      upstream.get('role') === 'master' &&
      hasOnline(upstream, replica) &&
      copy.get('master_port') === String(master.port) &&
      copy.get('master_link_status') === 'up' &&
      copy.get('master_replid') === upstream.get('master_replid') &&
      Number(copy.get('slave_repl_offset')) >= Number(upstream.get('master_repl_offset'))
    );
  };
  const what = `${replica.endpoint} is in sync with ${master.endpoint}`;
  await until(what, isInSync, { timeoutMs: 15_000, state: () => seen });
}

/** The replica reports its link as up slightly earlier than its master does, and `FAILOVER` relies on the master. */
function hasOnline(info: ReadonlyMap<string, string>, { host, port }: RedisServer): boolean {
  return [...info.values()].some((value) => value.includes(`ip=${host},port=${port},state=online,`));
}
