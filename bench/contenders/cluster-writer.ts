import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Cluster } from 'ioredis';
import { getRedisWriterToken, RedisReplicationModule } from 'nestjs-redis-replication';

/** An app whose writer is connected to each shard. */
export async function openClusterWriter(
  nodes: readonly string[],
): Promise<{ readonly writer: Cluster; readonly close: () => Promise<void> }> {
  const context = await NestFactory.createApplicationContext(
    RedisReplicationModule.forRoot({ cluster: { nodes }, boot: 'required' }),
    { logger: false },
  );
  return { writer: context.get<Cluster>(getRedisWriterToken()), close: () => context.close() };
}
