import { Body, Controller, Inject, Module, Param, Put, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Redis } from 'ioredis';
import { getRedisWriterToken, RedisReplicationModule, staticNodes } from 'nestjs-redis-replication';
import {
  failoverMatchers,
  startRedisGroup,
  startTraffic,
  type RedisGroup,
} from 'nestjs-redis-replication/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Yours: import AppModule from your app.
@Controller('notes')
class NotesController {
  constructor(@Inject(getRedisWriterToken()) private readonly writer: Redis) {}

  @Put(':id')
  save(@Param('id') id: string, @Body() note: { readonly text: string }) {
    return this.writer.set(`note:${id}`, note.text);
  }
}

@Module({
  imports: [
    RedisReplicationModule.forRootAsync({
      useFactory: () => ({
        source: staticNodes((process.env['REDIS_NODES'] ?? '').split(',')),
        resend: 'idempotent',
      }),
    }),
  ],
  controllers: [NotesController],
})
class AppModule {}

expect.extend(failoverMatchers);

let group: RedisGroup;
let app: INestApplication;

beforeAll(async () => {
  group = await startRedisGroup({ replicas: 1 });
  process.env['REDIS_NODES'] = group.endpoints.join();
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  await app?.close();
  await group?.stop();
});

test('no write fails when the master dies', async () => {
  const url = `${await app.getUrl()}/notes/1`;
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ text: 'milk' });
  const traffic = startTraffic(() => fetch(url, { method: 'PUT', headers, body }));
  await traffic.whenServed(20);
  const failover = await group.failOver('kill');
  await traffic.whenServed(20);

  const report = await traffic.stop();
  expect(report).toHaveNoFailedRequest();
  expect(report).toHaveGoneOnWithin(2000, failover);
}, 60_000);
