import type { Chaos, Fault } from './chaos.js';
import { repoint } from './failovers.js';
import type { Server } from './server.js';

/** Events after which proof is out of sight: a node dies for good, or nobody who knows of an heir can be reached. */
export const losses: readonly [Fault, ...Fault[]] = [
  thawAfterHeirDied,
  thawAfterHeirDied,
  silentWitness,
  silentWitness,
  deathForGood,
  forkWithoutMaster,
];

/** The master freezes, its heir takes over and dies for good, and the old master goes on as the only one. */
async function thawAfterHeirDied(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`${old.name} freezes, heir ${heir.name} will die`);
  old.hang();
  await wait(50, 400);
  heir.promote();
  await repoint(chaos, heir);
  await beSeen(chaos);
  chaos.bury(heir);
  await wait(0, 800);
  old.resume();
  await setClockWhileHeld(chaos);
  if (random.chance(0.6)) {
    await wait(0, 800);
    await followAll(chaos, old, chaos.othersThan(old, heir));
  }
  await wait(6000, 8000);
}

/** The app sees an heir only by one of its replicas, which then falls silent. */
async function silentWitness(chaos: Chaos): Promise<void> {
  const { world, wait, log, random } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  const [witness, ...others] = random.shuffled(chaos.othersThan(old, heir));
  if (witness === undefined) {
    await thawAfterHeirDied(chaos);
    return;
  }
  log(`${heir.name} is out of sight and is promoted, ${witness.name} follows it and falls silent`);
  world.network.change(heir.name, { toNode: 'blocked', fromNode: 'blocked' });
  await wait(300, 800);
  heir.promote();
  witness.replicaOf(heir);
  await beSeen(chaos);
  const silence = random.oneOf(['blocked', 'hung', 'dead'] as const);
  silenceNode(chaos, witness, silence);
  await setClockWhileHeld(chaos);
  await wait(300, 4000);
  if (random.chance(0.5)) {
    log(`the way to ${heir.name} is free`);
    world.network.change(heir.name, { toNode: 'free', fromNode: 'free' });
    await followAll(chaos, heir, others);
  } else {
    witness.start('disk', old);
    witness.resume();
    world.network.change(witness.name, { toNode: 'free', fromNode: 'free' });
    witness.replicaOf(old);
  }
  await wait(2000, 4000);
}

function silenceNode({ world }: Chaos, server: Server, how: 'blocked' | 'hung' | 'dead'): void {
  if (how === 'blocked') {
    world.network.change(server.name, { toNode: 'blocked', fromNode: 'blocked' });
  } else if (how === 'hung') {
    server.hang();
  } else {
    server.die('killed');
  }
}

/** A node dies for good. If it was the master, a replica is promoted. */
async function deathForGood(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const master = chaos.master();
  const victim = random.chance(0.6) ? master : chaos.any();
  const heir = chaos.heirOf(victim);
  log(`${victim.name} dies for good`);
  chaos.bury(victim);
  await wait(20, 1000);
  if (victim === master) {
    heir.promote();
    await repoint(chaos, heir);
  }
  await wait(1000, 4000);
}

/** Two replicas of a master that has died for good are promoted, and nobody decides between them for a while. */
async function forkWithoutMaster(chaos: Chaos): Promise<void> {
  const { wait, log } = chaos;
  const old = chaos.master();
  const [first, second] = chaos.othersThan(old);
  log(`fork from ${old.name}, which dies for good`);
  chaos.bury(old);
  await wait(0, 300);
  first?.promote();
  second?.promote();
  await setClockWhileHeld(chaos);
  await wait(3000, 6000);
  if (first !== undefined) {
    await followAll(chaos, first, chaos.othersThan(old, first));
  }
  await wait(2000, 4000);
}

/** More than once, so that some commands are held at that moment whatever the limit of their time is. */
async function setClockWhileHeld({ random, wait, setClock }: Chaos): Promise<void> {
  for (let times = random.oneOf([0, 0, 4]); times > 0; times -= 1) {
    await wait(0, 400);
    setClock();
  }
}

/** Lasts long enough for the app to probe every node, in most cases. */
async function beSeen({ random, wait, staleMs }: Chaos): Promise<void> {
  if (random.chance(0.8)) {
    await wait(staleMs + 100, staleMs + 600);
  } else {
    await wait(0, 1000);
  }
}

async function followAll({ wait }: Chaos, master: Server, others: readonly Server[]): Promise<void> {
  for (const other of others) {
    await wait(0, 400);
    other.replicaOf(master);
  }
}
