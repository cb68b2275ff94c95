import type { DynamicModule, Type } from '@nestjs/common';
import type { RedisReplicationModuleOptions, Topology } from 'nestjs-redis-replication';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { rolesOf } from '../support/group-roles.js';
import { failoverTo, follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startApp } from '../support/test-app.js';

/** Makes another node the master, and runs `act` meanwhile; resolves with what `act` did. */
export type FailOver = <T>(act: () => Promise<T>) => Promise<T>;

type AppModule = DynamicModule | Type;
type Options = Partial<RedisReplicationModuleOptions>;
type WhenTopology = (kind: Topology['kind'], master?: string) => Promise<unknown>;

interface Incident {
  readonly incident: string;
  readonly failOver: (group: ServerGroup, whenTopology: WhenTopology) => FailOver;
}

/** What happens to the master, for `describe.each`. */
export const incidents: readonly [Incident, Incident] = [
  {
    incident: 'is killed',
    failOver: (group, whenTopology) => async (act) => {
      const { heir, other } = rolesOf(group);
      await killMaster(group, whenTopology);
      const acting = act();
      await promote(heir);
      await follow(other, heir);
      await whenTopology('steady', heir.endpoint);
      return acting;
    },
  },
  {
    incident: 'hands over',
    failOver: (group, whenTopology) => async (act) => {
      const { master, heir, other } = rolesOf(group);
      const acting = act();
      await failoverTo(master, heir);
      await follow(other, heir);
      await whenTopology('steady', heir.endpoint);
      return acting;
    },
  },
];

/** Kills a master that has lost nothing; resolves when the app knows that there is none. */
async function killMaster(group: ServerGroup, whenTopology: WhenTopology): Promise<void> {
  await whenInSync(group.master, group.replicas);
  await group.master.kill();
  await whenTopology('masterless');
}

/** A group of servers for the tests of a file, and apps on it. */
export function useApp() {
  let group: ServerGroup | undefined;
  const started = () => {
    if (group === undefined) throw new Error('The group has not started');
    return group;
  };
  beforeAll(async () => {
    group = await startGroup();
  });
  beforeEach(() => restoreGroup(started()));
  afterAll(() => group?.stop());
  return {
    group: started,
    /** An app of these modules, which is ready to write. */
    async open(incident = incidents[0], modules: readonly AppModule[] = [], options: Options = {}) {
      const replication = { boot: 'required', isGlobal: true, ...options } as const;
      const app = await startApp(started().endpoints, replication, { modules });
      const whenTopology: WhenTopology = (kind, master) =>
        firstValueFrom(
          app.topology$.pipe(
            filter(
              (topology) => topology.kind === kind && (master === undefined || masterOf(topology) === master),
            ),
          ),
        );
      return {
        ...app,
        killMaster: () => killMaster(started(), whenTopology),
        failOver: incident.failOver(started(), whenTopology),
      };
    },
  };
}
