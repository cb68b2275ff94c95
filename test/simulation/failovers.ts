import type { Chaos } from './chaos.js';
import type { Server } from './server.js';

/** An operator promotes a replica and demotes the master, in either order. */
export async function plannedSwap(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`planned swap ${old.name} → ${heir.name}`);
  if (random.chance(0.6)) {
    heir.promote();
    await wait(0, random.oneOf([5, 300, 1500]));
    old.replicaOf(heir);
    chaos.pushed(heir);
  } else {
    old.replicaOf(heir);
    await wait(0, random.oneOf([5, 300]));
    heir.promote();
    chaos.pushed(heir);
  }
  await repoint(chaos, heir);
}

/** `FAILOVER TO`: writes wait until the replica is in step, then both are replicas for a moment. */
export async function failoverCommand({ random, wait, log, ...chaos }: Chaos): Promise<void> {
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`FAILOVER ${old.name} → ${heir.name}`);
  old.paused = 'writes';
  await wait(50, 400);
  if (random.chance(0.25)) {
    log('FAILOVER is given up');
  } else {
    old.replicaOf(heir);
    await wait(0, 20);
    heir.promote();
  }
  old.paused = 'nothing';
  old.resume();
}

/** The master dies and a replica is promoted. The old master comes back, as a master or as a replica. */
export async function crash(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`crash of ${old.name}, heir ${heir.name}`);
  const how = random.chance(0.5) ? 'killed' : 'without power';
  old.die(how);
  await wait(20, 500);
  heir.promote();
  if (how === 'killed') {
    chaos.pushed(heir);
  }
  await repoint(chaos, heir);
  await wait(100, 2500);
  await comeBack(chaos, old, heir);
}

/** The master hangs and a replica is promoted. The old master continues as a master because nothing demoted it. */
export async function hangAndPromote(chaos: Chaos): Promise<void> {
  const { wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`${old.name} hangs, heir ${heir.name}`);
  old.hang();
  await wait(50, 500);
  heir.promote();
  await repoint(chaos, heir);
  await wait(0, 1500);
  old.resume();
  await wait(100, 3000);
  old.replicaOf(heir);
}

/** As Sentinel does: it closes connections, and a living old master acknowledges writes for up to ten seconds. */
export async function sentinelFailover(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`Sentinel promotes ${heir.name} in place of ${old.name}`);
  if (random.chance(0.3)) {
    old.die('killed');
    await wait(100, 500);
  }
  heir.promote();
  heir.killClients();
  await wait(300, 1000);
  for (const other of chaos.othersThan(old, heir)) {
    other.replicaOf(heir);
    other.killClients();
  }
  await wait(1000, 10_000);
  old.start('disk');
  old.replicaOf(heir);
  old.killClients();
}

/** Two promotions in quick succession. */
export async function twoInARow(chaos: Chaos): Promise<void> {
  const { wait, log, random } = chaos;
  const old = chaos.master();
  const first = chaos.heirOf(old);
  const second = chaos.heirOf(first);
  log(`${first.name} is promoted, then ${second.name}`);
  first.promote();
  await wait(0, 300);
  second.replicaOf(first);
  await wait(0, 600);
  second.promote();
  await wait(0, 300);
  first.replicaOf(second);
  if (random.chance(0.7)) {
    await repoint(chaos, second);
  }
}

/** Two replicas of one master are promoted, as by two operators who act independently. */
export async function fork(chaos: Chaos): Promise<void> {
  const { wait, log } = chaos;
  const old = chaos.master();
  const [first, second] = chaos.othersThan(old);
  log(`fork from ${old.name}`);
  first?.promote();
  await wait(0, 200);
  second?.promote();
  await wait(200, 2000);
  if (first !== undefined) {
    await repoint(chaos, first);
  }
}

/** A replica is promoted by mistake, gets no replicas and is demoted again. */
export async function mistakenPromotion(chaos: Chaos): Promise<void> {
  const { wait, log } = chaos;
  const master = chaos.master();
  const replica = chaos.heirOf(master);
  log(`${replica.name} is promoted by mistake`);
  replica.promote();
  await wait(0, 1000);
  replica.replicaOf(master);
}

/** The replicas follow another master, one after the other. */
export async function repoint(chaos: Chaos, master: Server): Promise<void> {
  for (const other of chaos.random.shuffled(chaos.othersThan(master))) {
    if (other.role === 'replica') {
      await chaos.wait(0, 200);
      other.replicaOf(master);
    }
  }
}

async function comeBack({ random, wait }: Chaos, old: Server, heir: Server): Promise<void> {
  const from = random.chance(0.7) ? 'disk' : 'nothing';
  if (random.chance(0.5)) {
    old.start(from, heir);
    return;
  }
  old.start(from);
  await wait(50, 3000);
  old.replicaOf(heir);
}
