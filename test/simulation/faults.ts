import type { Chaos, Fault } from './chaos.js';
import { renameAll } from './renamings.js';
import {
  crash,
  failoverCommand,
  fork,
  hangAndPromote,
  mistakenPromotion,
  plannedSwap,
  sentinelFailover,
  twoInARow,
} from './failovers.js';

/** A fault is as likely as it is often in the list. */
export const faults: readonly [Fault, ...Fault[]] = [
  plannedSwap,
  plannedSwap,
  failoverCommand,
  crash,
  crash,
  hangAndPromote,
  sentinelFailover,
  twoInARow,
  fork,
  mistakenPromotion,
  restart,
  partition,
  partition,
  partitionInside,
  cutConnections,
  trouble,
  trouble,
  pauseClients,
  shortHang,
  slowness,
  falseAlarm,
  lostBacklog,
];

/** Faults that change no role. */
export const disturbances: readonly [Fault, ...Fault[]] = [
  partition,
  cutConnections,
  pauseClients,
  shortHang,
  slowness,
  falseAlarm,
];

/** Faults whose last step a server pushes to its clients. */
export const pushedFaults: readonly [Fault, ...Fault[]] = [plannedSwap, plannedSwap, crash];

/** A server restarts. It may have lost its data, or its configuration and thus its role. */
async function restart({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.5) ? chaos.master() : chaos.any();
  const { upstream } = server.replica;
  const from = random.chance(0.7) ? 'disk' : 'nothing';
  log(`restart of ${server.name} from ${from}`);
  if (random.chance(0.5)) {
    server.save();
  }
  server.die(random.chance(0.5) ? 'killed' : 'without power');
  await wait(10, 400);
  server.start(from, random.chance(0.75) ? upstream : undefined);
}

/** The network between the app and a node drops packets in one or both directions. */
async function partition({ world, random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.5) ? chaos.master() : chaos.any();
  const [toNode, fromNode] = random.oneOf([
    ['blocked', 'blocked'],
    ['blocked', 'blocked'],
    ['blocked', 'free'],
    ['free', 'blocked'],
  ] as const);
  log(`partition: to ${server.name} ${toNode}, from it ${fromNode}`);
  world.network.change(server.name, { toNode, fromNode });
  await wait(50, 1500);
  log(`the way to ${server.name} is free`);
  world.network.change(server.name, { toNode: 'free', fromNode: 'free' });
}

/** Two nodes cannot reach each other. */
async function partitionInside({ world, random, wait, log, ...chaos }: Chaos): Promise<void> {
  const [one, other] = random.shuffled(world.servers);
  if (one === undefined || other === undefined) {
    return;
  }
  log(`${one.name} cannot reach ${other.name}`);
  world.sever(one, other, 'cut');
  if (random.chance(0.5)) {
    chaos.heirOf(chaos.master()).promote();
  }
  await wait(200, 3000);
  world.sever(one, other, 'whole');
}

/** Connections are closed, as by an operator, an idle timeout or a firewall. */
async function cutConnections({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  for (let times = random.oneOf([1, 1, 4]); times > 0; times -= 1) {
    const server = chaos.any();
    const how = random.oneOf(['end', 'cut'] as const);
    const share = random.oneOf([0.3, 1]);
    log(`connections to ${server.name}: ${how}`);
    for (const client of [...server.clients].filter(() => random.chance(share))) {
      if (how === 'end') {
        server.close(client);
      } else {
        client.connection.cut();
      }
    }
    await wait(5, 200);
  }
}

/** A server refuses commands. */
async function trouble({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.7) ? chaos.master() : chaos.any();
  const kind = random.oneOf(['LOADING', 'MASTERDOWN', 'BUSY', 'MISCONF', 'NOREPLICAS', 'OOM'] as const);
  log(`${server.name} replies ${kind}`);
  server.trouble = kind;
  await wait(20, 800);
  server.trouble = undefined;
}

async function pauseClients({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.7) ? chaos.master() : chaos.any();
  const what = random.oneOf(['writes', 'all'] as const);
  log(`${server.name} pauses ${what}`);
  server.paused = what;
  await wait(50, 800);
  server.paused = 'nothing';
  server.resume();
}

async function shortHang({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.7) ? chaos.master() : chaos.any();
  log(`${server.name} hangs for a while`);
  server.hang();
  await wait(20, 1200);
  server.resume();
}

/** Replies arrive late. */
async function slowness({ world, random, wait, log, ...chaos }: Chaos): Promise<void> {
  const server = random.chance(0.7) ? chaos.master() : chaos.any();
  const extraMs = random.oneOf([20, 100, 400]);
  log(`the way to ${server.name} takes ${extraMs} ms more`);
  world.network.change(server.name, { extraMs });
  await wait(100, 1200);
  world.network.change(server.name, { extraMs: 0 });
}

/** Blocked clients are unblocked although no role has changed. */
async function falseAlarm({ log, ...chaos }: Chaos): Promise<void> {
  const server = chaos.any();
  log(`false alarm on ${server.name}`);
  server.unblockAll('UNBLOCKED client unblocked via CLIENT UNBLOCK');
  return Promise.resolve();
}

/** A master without replicas for an hour starts a new history without the previous id. */
async function lostBacklog({ log, ...chaos }: Chaos): Promise<void> {
  const server = chaos.master();
  log(`${server.name} begins a new history`);
  server.log.restart();
  server.replica.dropFollowers();
  return Promise.resolve();
}

/** Ends all faults; afterwards one node is the master and all others that are left follow it. */
export function heal(chaos: Chaos): string {
  const { world, log, random } = chaos;
  const { servers, network } = world;
  const living = servers.filter(({ isGone }) => !isGone);
  world.mendAll();
  const candidates = [...(random.chance(0.5) ? [chaos.master()] : []), ...random.shuffled(living)];
  const master = candidates.find(({ isGone }) => !isGone) ?? chaos.any();
  for (const server of living) {
    network.change(server.name, { toNode: 'free', fromNode: 'free', extraMs: 0 });
    server.trouble = undefined;
    server.paused = 'nothing';
    server.start('disk');
    server.resume();
    network.resume(server.name);
  }
  master.promote();
  renameAll(chaos, master);
  log(`all is well, ${master.name} is the master`);
  chaos.othersThan(master).forEach((server) => server.replicaOf(master));
  return master.name;
}
