import { readInfo } from '../../lib/testing/servers/info.js';
import { failoverTo } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';
import type { ApplyFault, FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import { promoteHeir, repoint, retire, swapPlanned } from './succession.js';
import { anyReplica, lastAWhile } from './wait.js';

export const planned: ApplyFault = (context) => swapPlanned(context, anyReplica(context));

/** `REPLICAOF` on both without a pause: what the old one executes in between is lost. */
export const unpaused: ApplyFault = async (context) => {
  const promotion = await promoteHeir(context, anyReplica(context));
  await retire(context, promotion, { mayLose: true });
  await repoint(context);
};

/** `FAILOVER TO`; the server itself takes care that nothing is lost. */
export const failover: ApplyFault = async (context) => {
  const { group } = context;
  const to = anyReplica(context);
  await failoverTo(group.master.server, to.server);
  group.master = to;
  await repoint(context);
};

/** `FAILOVER TO` a replica that hangs and lacks writes: the master waits for it, with all writes paused, in vain. */
export const abortedFailover: ApplyFault = async (context) => {
  await failOverInVain(context, []);
};

/** With `FORCE` the master steps down, finds no node to take over and resumes its role, with a new history. */
export const abortedForcedFailover: ApplyFault = async (context) => {
  await failOverInVain(context, ['FORCE', 'TIMEOUT', '100']);
};

async function failOverInVain(context: FaultContext, options: readonly string[]): Promise<void> {
  const { server } = context.group.master;
  const to = anyReplica(context);
  to.server.hang();
  try {
    await whenBehind(context.group.master, to);
    await server.command('FAILOVER', 'TO', to.server.host, to.server.port, ...options);
    await lastAWhile(context);
    await server.command('FAILOVER', 'ABORT');
  } finally {
    to.server.resume();
  }
}

async function whenBehind(master: TortureNode, replica: TortureNode): Promise<void> {
  await until(`${replica.name} is behind ${master.name}`, async () => {
    const info = await readInfo(master.server, 'replication');
    const line = [...info.values()].find((value) => value.includes(`port=${replica.server.port},`));
    const acknowledged = Number(/offset=(\d+)/.exec(line ?? '')?.[1]);
    return Number(info.get('master_repl_offset')) > acknowledged;
  });
}
