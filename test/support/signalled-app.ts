// An app that ends on a signal, for a test that runs it as a process of its own.
//   node --import tsx test/support/signalled-app.ts <host:port>…
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { getRedisWriterToken, RedisReplicationModule, staticNodes } from 'nestjs-redis-replication';

const app = await NestFactory.createApplicationContext(
  RedisReplicationModule.forRoot({ source: staticNodes(process.argv.slice(2)), boot: 'required' }),
  { logger: ['error'] },
);
app.enableShutdownHooks(['SIGTERM']);
const writer: Redis = app.get(getRedisWriterToken());
process.send?.(await writer.set('signalled', 'running'));
