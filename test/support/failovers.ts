import type { GroupRoles } from './group-roles.js';
import type { OpenReplication } from './open-replication.js';
import { failoverTo, follow, plannedSwap, promote } from './replication.js';

/** Ends with the heir as the master, and with a topology that says so. */
export type Failover = (roles: GroupRoles, opened: Pick<OpenReplication, 'whenMaster'>) => Promise<unknown>;

/** The old master itself tells whom it has blocked that it is none any more, and closes the connection. */
export const announcedFailovers = {
  'the old master is demoted, then the heir promoted': async ({ master, heir }, { whenMaster }) => {
    await follow(master, heir);
    await promote(heir);
    await whenMaster(heir);
  },
  'FAILOVER TO': async ({ master, heir }, { whenMaster }) => {
    await failoverTo(master, heir);
    await whenMaster(heir);
  },
} as const satisfies Record<string, Failover>;

/** What is blocked is cut off without a word: whether it was just served, nobody can know. */
export const unannouncedFailovers = {
  'the master is killed and the heir promoted': async ({ master, heir }, { whenMaster }) => {
    await master.kill();
    await promote(heir);
    await whenMaster(heir);
  },
  'the heir is promoted while the old master goes on': async ({ heir }, { whenMaster }) => {
    await promote(heir);
    await whenMaster(heir);
  },
} as const satisfies Record<string, Failover>;

export const allFailovers = {
  ...announcedFailovers,
  ...unannouncedFailovers,
  /** Whether the old master or its heir is heard first is a matter of chance. */
  'a planned swap': async ({ master, heir, other }, { whenMaster }) => {
    await plannedSwap([master, heir, other], heir);
    await whenMaster(heir);
  },
} as const satisfies Record<string, Failover>;
