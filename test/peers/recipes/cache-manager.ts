import KeyvValkey, { type KeyvValkeyOptions } from '@keyv/valkey';
import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { getRedisWriterToken } from 'nestjs-redis-replication';

/** Its types are those of iovalkey; it takes ioredis as well. */
const storeOn = (writer: Redis) =>
  new KeyvValkey(writer as unknown as KeyvValkeyOptions, { useRedisSets: false });

@Module({
  imports: [
    CacheModule.registerAsync({
      inject: [getRedisWriterToken()],
      useFactory: (writer: Redis) => ({
        stores: [new Keyv({ store: storeOn(writer), throwOnErrors: true })],
      }),
    }),
  ],
})
export class CachingModule {}
