import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, whenInSync } from '../../lib/testing/servers/replication.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import type { Fork } from './history.js';
import {
  contentsCommands,
  forkCommands,
  parseContents,
  parseFork,
  parseInfo,
  transact,
} from './read-contents.js';

/** A replica that was made master, and how much it had of the old one's history. */
export interface Promotion {
  readonly from: TortureNode;
  readonly to: TortureNode;
  readonly promotedAt: number;
  readonly fork: Fork;
  readonly history: string | undefined;
  /** The last byte of that history which the heir has. */
  readonly lastByte: number;
}

/** `REPLICAOF NO ONE`, and in the same transaction what it has at that moment. */
export async function promoteHeir({ group }: FaultContext, to: TortureNode): Promise<Promotion> {
  const from = group.master;
  const promotedAt = performance.now();
  const commands = [['REPLICAOF', 'NO', 'ONE'] as const, ...forkCommands, ['INFO', 'replication'] as const];
  const [, ...results] = await transact(
    to.server,
    commands.map(([name, ...rest]) => [name, ...rest]),
  );
  group.master = to;
  const info = parseInfo(results.at(-1));
  return {
    from,
    to,
    promotedAt,
    fork: parseFork(results),
    history: info.get('master_replid2'),
    lastByte: Number(info.get('second_repl_offset')) - 1,
  };
}

/** Makes all nodes replicate from the master, except itself and those named. */
export async function repoint({ group }: FaultContext, away: readonly TortureNode[] = []): Promise<void> {
  const others = group.replicas.filter((node) => !away.includes(node));
  await Promise.all(others.map(({ server }) => follow(server, group.master.server)));
}

interface Retirement {
  /** Whether a change of this kind may lose writes. */
  readonly mayLose: boolean;
  /** Its changes when both apps had left it, where that was waited for. */
  readonly changes?: number;
}

/** Makes the superseded master a replica, and in the same transaction reads what it alone has: its data goes then. */
export async function retire(
  { group, recorder, fault }: FaultContext,
  { from, to, promotedAt, fork, history, lastByte }: Promotion,
  { mayLose, changes }: Retirement,
): Promise<void> {
  const { host, port } = group.master.server;
  const results = await transact(from.server, [
    ...contentsCommands(fork),
    ['INFO', 'replication'],
    ['INFO', 'persistence'],
    ['REPLICAOF', host, port],
  ]);
  const info = parseInfo(results.slice(-3).join('\r\n'));
  const isComparable = info.get('master_replid') === history;
  recorder.succession({
    fault,
    from: from.name,
    to: to.name,
    promotedAt,
    mayLose,
    fork,
    tail: parseContents(results),
    ...(isComparable && { lostBytes: Number(info.get('master_repl_offset')) - lastByte }),
    lateWrites: changes === undefined ? 0 : Number(info.get('rdb_changes_since_last_save')) - changes,
  });
}

/** Counts what was written to it: reading and being watched change nothing. */
export async function changesOf(server: RedisServer): Promise<number> {
  return Number((await readInfo(server, 'persistence')).get('rdb_changes_since_last_save'));
}

/**
 * As an operator would do it: writes are paused until the heir has all of them, so that nothing is lost. Nodes that are
 * `away` cannot be reconfigured.
 */
export async function swapPlanned(
  context: FaultContext,
  to: TortureNode,
  away: readonly TortureNode[] = [],
): Promise<void> {
  const { master: from } = context.group;
  await from.server.command('CLIENT', 'PAUSE', 60_000, 'WRITE');
  await whenInSync(from.server, [to.server]);
  const promotion = await promoteHeir(context, to);
  await retire(context, promotion, { mayLose: false });
  await from.server.command('CLIENT', 'UNPAUSE');
  await repoint(context, away);
}
