import { onTestFinished } from 'vitest';
import { readInfo } from '../../lib/testing/servers/info.js';
import { executions, type Stage } from '../support/lost-replies.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, plannedSwap, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

export interface Fault {
  readonly name: string;
  /** Before the commands are issued: what keeps them from being answered. */
  readonly prepare: (stage: Stage) => unknown;
  /** Once they are issued; afterwards there is a master, which it returns. */
  readonly strike: (stage: Stage) => Promise<RedisServer>;
  readonly ends: 'unknown' | 'answered';
  /** How often each was executed on the master that there is afterwards, and on the old one if it lives. */
  readonly executed: { readonly now: number; readonly old?: number };
  /** The generation of the topology when the outcome was decided. */
  readonly generation: number;
}

const loseReplies = ({ proxy }: Stage) => proxy.swallowReplies();

async function whenExecuted(node: RedisServer): Promise<void> {
  await until('they were executed', async () =>
    Object.values(await executions(node)).every((count) => count > 0),
  );
}

/** The watcher of the node is blocked too. */
async function whenWaiting({ master }: Stage): Promise<void> {
  const blocked = async () => Number((await readInfo(master, 'clients')).get('blocked_clients'));
  await until('they wait', async () => (await blocked()) > 1);
}

async function whenReplicated({ master, group: { replicas } }: Stage): Promise<void> {
  await whenExecuted(master);
  await whenInSync(master, replicas);
}

/** The app sees its connections end, whereas the replies that were lost stay lost. */
async function killOpenly({ master, proxy, writer }: Stage): Promise<void> {
  const closed = emitted(writer, 'close');
  proxy.heal();
  await master.kill();
  await closed;
}

async function promoteHeir({ heir, other }: Stage): Promise<RedisServer> {
  await promote(heir);
  await follow(other, heir);
  return heir;
}

export const faults: readonly Fault[] = [
  {
    name: 'the connection is reset after the server has executed them',
    prepare: loseReplies,
    async strike({ master, door, proxy }) {
      await whenExecuted(master);
      door.reset();
      proxy.heal();
      return master;
    },
    ends: 'unknown',
    executed: { now: 1 },
    generation: 1,
  },
  {
    name: 'the connection swallows the replies and is closed',
    prepare: loseReplies,
    async strike({ master, proxy }) {
      await whenExecuted(master);
      proxy.cut();
      proxy.heal();
      return master;
    },
    ends: 'unknown',
    executed: { now: 1 },
    generation: 1,
  },
  {
    name: 'the master hangs before it reads them, and is killed',
    prepare: ({ master }) => master.hang(),
    async strike(stage) {
      await stage.whenTopology(({ kind }) => kind === 'masterless');
      await killOpenly(stage);
      return promoteHeir(stage);
    },
    ends: 'unknown',
    executed: { now: 0 },
    generation: 1,
  },
  {
    name: 'the master hangs after it has executed and replicated them, and is killed',
    prepare: loseReplies,
    async strike(stage) {
      await whenReplicated(stage);
      stage.master.hang();
      await stage.whenTopology(({ kind }) => kind === 'masterless');
      await killOpenly(stage);
      return promoteHeir(stage);
    },
    ends: 'unknown',
    executed: { now: 1 },
    generation: 1,
  },
  {
    name: 'the master hangs before it reads them, and goes on after another was promoted',
    prepare: ({ master }) => master.hang(),
    async strike(stage) {
      await stage.whenTopology(({ kind }) => kind === 'masterless');
      const heir = await promoteHeir(stage);
      await stage.whenMaster(heir);
      stage.master.resume();
      await whenExecuted(stage.master);
      return heir;
    },
    ends: 'unknown',
    executed: { now: 0, old: 1 },
    generation: 2,
  },
  {
    name: 'the master is killed after it has executed and replicated them',
    prepare: loseReplies,
    async strike(stage) {
      await whenReplicated(stage);
      await killOpenly(stage);
      return promoteHeir(stage);
    },
    ends: 'unknown',
    executed: { now: 1 },
    generation: 1,
  },
  {
    name: 'the roles are swapped as planned after they were executed, and the replies are lost',
    prepare: loseReplies,
    async strike(stage) {
      await whenReplicated(stage);
      await plannedSwap(stage.group.nodes, stage.heir);
      await whenInSync(stage.heir, [stage.master]);
      return stage.heir;
    },
    ends: 'unknown',
    executed: { now: 1, old: 1 },
    generation: 2,
  },
  {
    name: 'the roles are swapped as planned while the old master keeps them waiting',
    async prepare({ master }) {
      await master.command('CLIENT', 'PAUSE', 600_000, 'WRITE');
      onTestFinished(async () => void (await master.command('CLIENT', 'UNPAUSE')));
    },
    async strike(stage) {
      await whenWaiting(stage);
      await plannedSwap(stage.group.nodes, stage.heir);
      await stage.master.command('CLIENT', 'UNPAUSE');
      return stage.heir;
    },
    ends: 'answered',
    executed: { now: 1 },
    generation: 2,
  },
  {
    name: 'a FAILOVER hands over while the old master keeps them waiting',
    async prepare({ master, heir }) {
      heir.hang();
      await master.command('SET', 'lost:lag', 'value');
      await master.command('FAILOVER', 'TO', heir.host, heir.port);
    },
    async strike(stage) {
      await whenWaiting(stage);
      stage.heir.resume();
      await stage.whenMaster(stage.heir);
      await follow(stage.other, stage.heir);
      return stage.heir;
    },
    ends: 'answered',
    executed: { now: 1 },
    generation: 2,
  },
];
