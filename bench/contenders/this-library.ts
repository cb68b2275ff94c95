import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import {
  discoverNodes,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  primaryEndpoint,
  RedisReplicationModule,
  sentinelNodes,
  staticNodes,
  type NodeSource,
  type RedisConnectionOptions,
  type Topology,
} from 'nestjs-redis-replication';
import { filter, firstValueFrom, type Observable } from 'rxjs';
import { formatAddress, writesKey, type Contender, type Place } from './contender.js';
import { nodeOf } from './open-ioredis.js';

export interface App {
  readonly writer: Redis;
  readonly reader: Redis;
  readonly close: () => Promise<void>;
}

interface AppOptions {
  /** How many nodes there are. */
  readonly count: number;
  readonly redis?: RedisConnectionOptions;
  /** Others that it imports. */
  readonly modules?: readonly DynamicModule[];
}

/** A Nest app that contains only the module, connected, after a probe of every node. */
export async function startApp(
  source: NodeSource,
  { count, redis = {}, modules = [] }: AppOptions,
): Promise<App> {
  const module = RedisReplicationModule.forRoot({ source, redis, boot: 'required' });
  const root = { ...module, imports: [...(module.imports ?? []), ...modules] };
  const app: INestApplicationContext = await NestFactory.createApplicationContext(root, {
    logger: false,
    abortOnError: false,
  });
  const topology$ = app.get<Observable<Topology>>(getRedisTopologyToken());
  await firstValueFrom(topology$.pipe(filter((topology) => isKnown(topology, count))));
  const reader = app.get<Redis>(getRedisReaderToken());
  await reader.get('bench:read');
  return { writer: app.get<Redis>(getRedisWriterToken()), reader, close: () => app.close() };
}

function isKnown({ kind, nodes }: Topology, count: number): boolean {
  return kind === 'steady' && nodes.length === count && nodes.every((node) => node.kind !== 'pending');
}

/** Every node is configured. */
export const withStaticNodes = libraryContender('this library, staticNodes', ({ nodes }) =>
  staticNodes(nodes.map(formatAddress)),
);

/** One node is configured, and it is not the master. */
export const withDiscoverNodes = libraryContender('this library, discoverNodes', (place) => {
  const seed = place.nodes.findLast(({ host }) => host !== place.master.host) ?? place.master;
  return discoverNodes([formatAddress(seed)], {
    mapEndpoint: (named) => ({ ...named, ...place.reach(named) }),
  });
});

/** Two names, which DNS does not move during a round, so the promotion shows only on the nodes themselves. */
export const withPrimaryEndpoint = libraryContender('this library, primaryEndpoint', ({ dns }) =>
  primaryEndpoint(dns.primary, { reader: dns.reader, lookup: dns.lookup }),
);

/** The Sentinels are configured, all of them, as for ioredis. */
export const withSentinelNodes: Contender = {
  ...libraryContender('this library, sentinelNodes', ({ sentinel }) => {
    if (sentinel === undefined) throw new Error('there are no Sentinels here');
    return sentinelNodes({ name: sentinel.name, sentinels: sentinel.addresses.map(formatAddress) });
  }),
  needs: 'sentinel',
};

function libraryContender(name: string, source: (place: Place) => NodeSource): Contender {
  const start = (place: Place) =>
    startApp(source(place), {
      count: place.nodes.length,
      ...(place.tls && { redis: { tls: { ca: place.tls.ca } } }),
    });
  return {
    name,
    package: 'nestjs-redis-replication',
    async open(place) {
      const { writer, close } = await start(place);
      return { write: (id) => writer.rpush(writesKey, id), close };
    },
    async openReader(place) {
      const { reader, close } = await start(place);
      return { read: () => reader.get('bench:read'), node: () => nodeOf(reader), close };
    },
  };
}
