import type { GroupRoles } from './group-roles.js';
import type { OpenReplication } from './open-replication.js';
import { failoverTo, follow, plannedSwap, promote } from '../../lib/testing/servers/replication.js';

/** Ends when the heir is the master and the topology reports it. */
export type Failover = (roles: GroupRoles, opened: Pick<OpenReplication, 'whenMaster'>) => Promise<unknown>;

/** The old master itself ends blocked commands with an error, because it is no longer master, and closes them. */
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

/** Blocked commands lose their connection without a reply, so it is unknown whether they were served. */
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
  /** Whether the old master or its heir is observed first is a matter of chance. */
  'a planned swap': async ({ master, heir, other }, { whenMaster }) => {
    await plannedSwap([master, heir, other], heir);
    await whenMaster(heir);
  },
} as const satisfies Record<string, Failover>;
