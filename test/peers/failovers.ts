import type { DynamicModule, Type } from '@nestjs/common';
import type { RedisReplicationModuleOptions, Topology } from 'nestjs-redis-replication';
import { startRedisGroup, type RedisGroup } from 'nestjs-redis-replication/testing';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { startApp } from '../support/test-app.js';

/** Makes another node the master, and runs `act` meanwhile; resolves with what `act` did. */
export type FailOver = <T>(act: () => Promise<T>) => Promise<T>;

type AppModule = DynamicModule | Type;
type Options = Partial<RedisReplicationModuleOptions>;
type WhenTopology = (kind: Topology['kind'], master?: string) => Promise<unknown>;

interface Incident {
  readonly incident: string;
  readonly failOver: (group: RedisGroup, whenTopology: WhenTopology) => FailOver;
}

/** What happens to the master, for `describe.each`. */
export const incidents: readonly [Incident, Incident] = [
  {
    incident: 'is killed',
    failOver: (group, whenTopology) => async (act) => {
      await whenInSync(group.master, group.replicas);
      const acting = whenTopology('masterless').then(act);
      const { to } = await group.failOver('kill', { duringOutage: () => whenTopology('masterless') });
      await whenTopology('steady', to.endpoint);
      return acting;
    },
  },
  {
    incident: 'hands over',
    failOver: (group, whenTopology) => async (act) => {
      const acting = act();
      const { to } = await group.failOver('planned');
      await whenTopology('steady', to.endpoint);
      return acting;
    },
  },
];

/** Kills a master that has lost nothing; resolves when the app knows that there is none. */
async function killMaster(group: RedisGroup, whenTopology: WhenTopology): Promise<void> {
  await whenInSync(group.master, group.replicas);
  await group.master.kill();
  await whenTopology('masterless');
}

/** A group of servers for the tests of a file, and apps on it. */
export function useApp() {
  let group: RedisGroup | undefined;
  const started = () => {
    if (group === undefined) throw new Error('The group has not started');
    return group;
  };
  beforeAll(async () => {
    group = await startRedisGroup({ replicas: 2 });
  });
  beforeEach(() => started().restore());
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
