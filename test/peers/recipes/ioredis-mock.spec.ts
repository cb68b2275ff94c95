import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { inMemory, Notes } from './ioredis-mock.js';

async function compile() {
  const module = await Test.createTestingModule({ providers: [Notes, ...inMemory] }).compile();
  onTestFinished(() => module.close());
  return module;
}

afterEach(async () => {
  const module = await compile();
  await module.get<Redis>(getRedisWriterToken()).flushall();
});

test('a provider runs on the tokens of the module without a server', async () => {
  const notes = (await compile()).get(Notes);
  expect(await notes.add('first')).toEqual(['first']);
  expect(await notes.add('second')).toEqual(['first', 'second']);
});

test('a mock is no `Redis`: a library that asks `instanceof Redis` does not take it', async () => {
  const writer: unknown = (await compile()).get(getRedisWriterToken());
  expect(writer).not.toBeInstanceOf(Redis);
});
