import { Injectable } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { Cluster, Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import type { ClusterTopology } from '../cluster/cluster-topology.js';
import type { RedisFailovers } from '../history/failover-history.js';
import type { Topology } from '../topology/topology.js';
import { findInstance } from './find-instance.js';
import { namesOfInstances } from './instance-names.js';
import { DEFAULT_NAME } from './tokens.js';

/**
 * What is injected under one name: by `InjectRedisWriter(name)` and its like.
 *
 * @publicApi
 */
export type RedisReplicationConnection = { readonly failovers: RedisFailovers } & (
  | {
      readonly kind: 'group';
      readonly writer: Redis;
      readonly reader: Redis;
      readonly topology$: Observable<Topology>;
    }
  | {
      readonly kind: 'cluster';
      readonly writer: Cluster;
      readonly reader: Cluster;
      readonly topology$: Observable<ClusterTopology>;
    }
);

/**
 * Finds the connections of each instance in the app by its name at run time, for code that cannot use decorators. Every
 * `RedisReplicationModule` exports it.
 *
 * @publicApi
 */
@Injectable()
export class RedisReplicationConnections {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
  ) {}

  /** The names of all instances; that of one without a name is `default`. */
  get names(): readonly string[] {
    return [...new Set(namesOfInstances(this.modules))];
  }

  /**
   * The connections of one instance; of the one without a name if none is given. `kind` tells whether they are those of a
   * group (`Redis`) or of a cluster (`Cluster`); commands can be issued without asking.
   *
   * @throws TypeError that lists the names in use, if no instance has this one.
   */
  get(name: string = DEFAULT_NAME): RedisReplicationConnection {
    const { replication: _, ...connection } = findInstance(this.moduleRef, name);
    return connection;
  }
}
