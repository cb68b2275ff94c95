import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  getRedisReaderToken,
  getRedisWriterToken,
  RedisReplicationModule,
  staticNodes,
} from 'nestjs-redis-replication';

export interface BenchApp {
  readonly writer: Redis;
  readonly reader: Redis;
  readonly close: () => Promise<void>;
}

/** A Nest app with nothing in it but the module, connected. */
export async function startApp(endpoints: readonly string[]): Promise<BenchApp> {
  const module = RedisReplicationModule.forRoot({ source: staticNodes(endpoints), boot: 'required' });
  const app: INestApplicationContext = await NestFactory.createApplicationContext(module, { logger: false });
  return {
    writer: app.get<Redis>(getRedisWriterToken()),
    reader: app.get<Redis>(getRedisReaderToken()),
    close: () => app.close(),
  };
}
