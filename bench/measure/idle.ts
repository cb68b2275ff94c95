import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import type { IdleCost, IdleOrder } from './idle-app.js';

export interface NodeCost {
  readonly role: 'master' | 'replica';
  /** Those of writer and reader, which every client has. */
  readonly ownConnections: number;
  /** Those with which nodes are watched. */
  readonly watchConnections: number;
  readonly commandsPerSecond: number;
}

export interface IdleResult extends IdleCost {
  readonly seconds: number;
  readonly instances: number;
  readonly nodes: readonly NodeCost[];
}

/** Apps count one another often at first, and every ten seconds later on. */
const settleMs = 10_000;

export interface IdleOptions {
  readonly seconds: number;
  readonly instances: number;
}

/** What an app that does nothing costs each node and itself. */
export async function measureIdle({ seconds, instances }: IdleOptions): Promise<IdleResult> {
  const group = await startGroup();
  try {
    const alone = await observe(group, seconds);
    const order: IdleOrder = { endpoints: group.endpoints, settleMs, seconds, instances };
    const app = startProcess(order);
    await app.isOpen;
    await delay(settleMs);
    const withApp = await observe(group, seconds);
    const cost = await app.cost;
    const nodes = group.nodes.map((_node, index) => compare(alone[index], withApp[index], index));
    return { seconds, instances, nodes, ...cost };
  } finally {
    await group.stop();
  }
}

interface Load {
  readonly connections: number;
  /** Connections that are idle because writer and reader are: they never blocked or asked for a role. */
  readonly own: number;
  readonly commandsPerSecond: number;
}

/** Links between master and replicas are part of it, and the same with and without an app. */
async function observe({ nodes }: ServerGroup, seconds: number): Promise<readonly Load[]> {
  return Promise.all(
    nodes.map(async (node) => {
      const before = await countCommands(node);
      await delay(seconds * 1000);
      const commands = (await countCommands(node)) - before;
      // Observers listen to their fleet: they count as subscribers.
      const lists = [
        await node.command('CLIENT', 'LIST', 'TYPE', 'normal'),
        await node.command('CLIENT', 'LIST', 'TYPE', 'pubsub'),
      ];
      const clients = lists.flatMap((list) => String(list).split('\n')).filter((line) => line !== '');
      return {
        connections: clients.length,
        own: clients.filter((line) => isOwn(line, seconds)).length,
        commandsPerSecond: commands / seconds,
      };
    }),
  );
}

/** Nothing was asked of it since the count began, and it waits for nothing. */
function isOwn(line: string, seconds: number): boolean {
  const idle = Number(/ idle=(\d+)/.exec(line)?.[1]);
  return idle >= seconds && !line.includes('cmd=xread');
}

async function countCommands(node: RedisServer): Promise<number> {
  return Number((await readInfo(node, 'stats')).get('total_commands_processed'));
}

function compare(alone: Load | undefined, withApp: Load | undefined, index: number): NodeCost {
  if (alone === undefined || withApp === undefined) throw new Error('A node was not measured');
  const ownConnections = withApp.own - alone.own;
  return {
    role: index === 0 ? 'master' : 'replica',
    ownConnections,
    watchConnections: withApp.connections - alone.connections - ownConnections,
    commandsPerSecond: withApp.commandsPerSecond - alone.commandsPerSecond,
  };
}

function startProcess(order: IdleOrder): { isOpen: Promise<unknown>; cost: Promise<IdleCost> } {
  const child = fork(fileURLToPath(new URL('./idle-app.ts', import.meta.url)), {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const isOpen = once(child, 'message');
  child.send(order);
  const cost = isOpen.then(async () => readCost(await once(child, 'message')));
  return { isOpen, cost };
}

function readCost([message]: readonly unknown[]): IdleCost {
  if (typeof message !== 'object' || message === null) throw new Error('The idle app sent no report');
  const read = (name: keyof IdleCost) => Number(Reflect.get(message, name));
  return {
    cpuSecondsPerHour: read('cpuSecondsPerHour'),
    memoryBytesPerApp: read('memoryBytesPerApp'),
    timers: read('timers'),
  };
}
