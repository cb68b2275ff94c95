import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import type { Redis } from 'ioredis';

export function createCache(writer: Redis) {
  const store = bentostore()
    .useL1Layer(memoryDriver())
    .useL2Layer(redisDriver({ connection: writer }))
    .useBus(redisBusDriver({ connection: writer }));
  return new BentoCache({ default: 'main', stores: { main: store } });
}
