import { ModulesContainer, type ModuleRef } from '@nestjs/core';
import type { Cluster, Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import type { ClusterTopology } from '../cluster/cluster-topology.js';
import type { RedisFailovers } from '../history/failover-history.js';
import type { Topology } from '../topology/topology.js';
import type { ClusterReplication } from './cluster-replication.js';
import { namesOfInstances } from './instance-names.js';
import type { Replication } from './replication.js';
import {
  getRedisFailoversToken,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  getReplicationToken,
} from './tokens.js';

/** What the app has under the tokens of one name. A test may have replaced all but `replication`. */
export type Instance =
  | ({ readonly kind: 'group'; readonly replication: Replication } & Provided<Redis, Topology>)
  | ({ readonly kind: 'cluster'; readonly replication: ClusterReplication } & Provided<
      Cluster,
      ClusterTopology
    >);

interface Provided<Connection, State> {
  readonly writer: Connection;
  readonly reader: Connection;
  readonly topology$: Observable<State>;
  readonly failovers: RedisFailovers;
}

/** @throws TypeError that lists the names in use, if no instance has this one. */
export function findInstance(moduleRef: ModuleRef, name: string): Instance {
  requireKnown(moduleRef, name);
  const token = getReplicationToken(name);
  const replication = moduleRef.get<Replication | ClusterReplication>(token, ANYWHERE);
  return 'kind' in replication
    ? { kind: 'cluster', replication, ...provided<Cluster, ClusterTopology>(moduleRef, name) }
    : { kind: 'group', replication, ...provided<Redis, Topology>(moduleRef, name) };
}

function provided<Connection, State>(moduleRef: ModuleRef, name: string): Provided<Connection, State> {
  return {
    writer: moduleRef.get<Connection>(getRedisWriterToken(name), ANYWHERE),
    reader: moduleRef.get<Connection>(getRedisReaderToken(name), ANYWHERE),
    topology$: moduleRef.get<Observable<State>>(getRedisTopologyToken(name), ANYWHERE),
    failovers: moduleRef.get<RedisFailovers>(getRedisFailoversToken(name), ANYWHERE),
  };
}

/** The instance may belong to any module of the app. */
const ANYWHERE = { strict: false };

function requireKnown(moduleRef: ModuleRef, name: string): void {
  const known = namesOfInstances(moduleRef.get(ModulesContainer, ANYWHERE));
  if (known !== undefined && !known.includes(name)) {
    const shown = known.map((each) => `"${each}"`).join(', ');
    throw new TypeError(`there is no instance "${name}"; known are ${shown || 'none'}`);
  }
}
