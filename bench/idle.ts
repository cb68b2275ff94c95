import { setTimeout as delay } from 'node:timers/promises';
import { readInfo } from '../test/support/info.js';
import type { RedisServer } from '../test/support/redis-server.js';
import { startGroup } from '../test/support/server-group.js';
import { startApp } from './app.js';

const SECONDS = 10;

/** What an app that does nothing costs each node: commands per second and connections. */
export async function benchIdle(): Promise<void> {
  const group = await startGroup();
  try {
    const alone = await Promise.all(group.nodes.map(countCommands));
    const connectionsAlone = await Promise.all(group.nodes.map(countConnections));
    const app = await startApp(group.endpoints);
    await delay(1000);
    const withApp = await Promise.all(group.nodes.map(countCommands));
    const connections = await Promise.all(group.nodes.map(countConnections));
    await app.close();
    console.log(`\none idle app, over ${SECONDS} s`);
    group.nodes.forEach((node, index) => {
      const commands = ((withApp[index] ?? 0) - (alone[index] ?? 0)) / SECONDS;
      const opened = (connections[index] ?? 0) - (connectionsAlone[index] ?? 0);
      const role = node === group.master ? 'master ' : 'replica';
      console.log(`${role}  ${commands.toFixed(1)} commands/s  ${opened} connections`);
    });
  } finally {
    await group.stop();
  }
}

/** Commands within `SECONDS`, the link between master and replicas included: it is the same with and without an app. */
async function countCommands(node: RedisServer): Promise<number> {
  const before = Number((await readInfo(node, 'stats')).get('total_commands_processed'));
  await delay(SECONDS * 1000);
  return Number((await readInfo(node, 'stats')).get('total_commands_processed')) - before;
}

async function countConnections(node: RedisServer): Promise<number> {
  return Number((await readInfo(node, 'clients')).get('connected_clients'));
}
