import type { ApplyFault, FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { changesOf, promoteHeir, repoint, retire, swapPlanned, type Promotion } from './succession.js';
import { anyReplica, lastAWhile, whenFollowed, whenLeft } from './wait.js';
import { restartFromFile, restartFromSnapshot, shutDown } from './restarts.js';

/** SIGKILL; a replica is promoted; the old master comes back claiming to be master, and is demoted after a while. */
export const killAndPromote: ApplyFault = async (context) => {
  const { master: old } = context.group;
  await old.server.kill();
  await lastAWhile(context);
  const promotion = await promoteWithout(old, context);
  await restartFromFile(old);
  const changes = await changesOf(old.server);
  await lastAWhile(context);
  await retire(context, promotion, { mayLose: true, changes });
};

/** SIGKILL, and the same one comes back with its data. */
export const killAndRestart: ApplyFault = async (context) => {
  const { master } = context.group;
  await master.server.kill();
  await lastAWhile(context);
  await restartFromFile(master);
  await whenFollowed(context);
};

/** SIGSTOP; a replica is promoted; SIGCONT, and for a while two nodes claim to be master. */
export const hangAndPromote: ApplyFault = async (context) => {
  const { master: old } = context.group;
  old.server.hang();
  await lastAWhile(context);
  const promotion = await promoteWithout(old, context);
  await lastAWhile(context);
  await wakeAndRetire(context, promotion);
};

/** The same, but the heir hands over to another node meanwhile, so no node reports any more that the old one is stale. */
export const hangThroughTwoPromotions: ApplyFault = async (context) => {
  const { master: old } = context.group;
  old.server.hang();
  await lastAWhile(context);
  const promotion = await promoteWithout(old, context);
  const next = context.group.replicas.find((node) => node !== old);
  if (next !== undefined) {
    await whenInSync(context.group.master.server, [next.server]);
    await swapPlanned(context, next, [old]);
    await whenFollowed(context);
  }
  await wakeAndRetire(context, promotion);
};

/** SIGSTOP and SIGCONT, without a promotion. */
export const hangOnly: ApplyFault = async (context) => {
  const { master } = context.group;
  master.server.hang();
  await lastAWhile(context, 2500);
  master.server.resume();
};

export const killReplica: ApplyFault = async (context) => {
  const replica = anyReplica(context);
  await replica.server.kill();
  await lastAWhile(context);
  await restartFromFile(replica, context.group.master);
};

/** `SHUTDOWN SAVE`, and the same one comes back with its snapshot and its replication history. */
export const restartMaster: ApplyFault = async (context) => {
  const { master } = context.group;
  await shutDown(master);
  await lastAWhile(context);
  await restartFromSnapshot(master);
  await whenFollowed(context);
};

/** Restarts one node after the other, the master last, after a planned swap. */
export const restartAll: ApplyFault = async (context) => {
  const { group } = context;
  const { master: first, replicas } = group;
  for (const replica of replicas) await restartReplica(replica, context);
  await swapPlanned(context, anyReplica(context));
  await whenInSync(group.master.server, [first.server]);
  await restartReplica(first, context);
};

async function restartReplica(replica: TortureNode, { group }: FaultContext): Promise<void> {
  await shutDown(replica);
  await restartFromSnapshot(replica, group.master);
  await whenInSync(group.master.server, [replica.server]);
}

async function promoteWithout(old: TortureNode, context: FaultContext): Promise<Promotion> {
  const promotion = await promoteHeir(context, anyReplica(context));
  await repoint(context, [old]);
  await whenFollowed(context);
  return promotion;
}

async function wakeAndRetire(context: FaultContext, promotion: Promotion): Promise<void> {
  const { from } = promotion;
  from.server.resume();
  await whenLeft(from);
  const changes = await changesOf(from.server);
  await lastAWhile(context);
  await retire(context, promotion, { mayLose: true, changes });
}
