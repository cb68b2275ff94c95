import KeyvRedis from '@keyv/redis';
import { RedisStore } from 'connect-redis-10';
import { expect, test } from 'vitest';
import { useApp } from '../failovers.js';

const { open } = useApp();

test('does not work with `connect-redis` 10: its `SET` is a syntax error with ioredis', async () => {
  const { writer } = await open();
  const store = new RedisStore({ client: writer as never });
  await expect(store.set('id', { cookie: { originalMaxAge: null } })).rejects.toThrow('syntax error');
});

test('does not work with `@keyv/redis` 5: nothing is stored', async () => {
  const { writer } = await open();
  const store = new KeyvRedis(writer as never);
  await expect(store.set('key', 'value')).rejects.toThrow();
  expect(await writer.get('key')).toBeNull();
});
