import type { Chaos, Fault } from './chaos.js';
import { repoint } from './failovers.js';
import type { Server } from './server.js';

/** Failovers after which the names lead to other servers, while connections to the old ones stay open. */
export const renamings: readonly [Fault, ...Fault[]] = [swapBehindNames, swapBehindNames, crashBehindNames];

async function swapBehindNames(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`swap ${old.name} → ${heir.name} behind names`);
  heir.promote();
  await wait(0, random.oneOf([5, 300]));
  old.replicaOf(heir);
  await repoint(chaos, heir);
  await wait(0, 1500);
  renameAll(chaos, heir);
  await cutSome(chaos, heir);
}

async function crashBehindNames(chaos: Chaos): Promise<void> {
  const { random, wait, log } = chaos;
  const old = chaos.master();
  const heir = chaos.heirOf(old);
  log(`${old.name} fails behind names, heir ${heir.name}`);
  if (random.chance(0.5)) {
    old.hang();
  } else {
    old.die('killed');
  }
  await wait(50, 500);
  heir.promote();
  await repoint(chaos, heir);
  await wait(0, 1000);
  renameAll(chaos, heir);
  await cutSome(chaos, heir);
  await wait(0, 1500);
  old.start('disk', heir);
  old.resume();
  old.replicaOf(heir);
}

/** Some of the connections are closed, and the names lead the new ones elsewhere. */
async function cutSome({ random, wait }: Chaos, master: Server): Promise<void> {
  await wait(0, 500);
  const share = random.oneOf([0, 0.3, 0.6]);
  master.killClients(() => random.chance(share));
}

/** Points the first name at the master, and the second, if there is one, at another server. */
export function renameAll({ world, log, random, othersThan }: Chaos, master: Server): void {
  if (world.settings.story === 'names') {
    const [primary = '', secondary] = world.settings.nodes;
    const [other] = random.shuffled(othersThan(master));
    world.network.point(primary, master.name);
    if (secondary !== undefined && other !== undefined) {
      world.network.point(secondary, other.name);
    }
    log(`${primary} leads to ${master.name}, ${secondary ?? 'nothing else'} to ${other?.name}`);
  }
}
