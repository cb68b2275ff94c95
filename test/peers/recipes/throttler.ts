import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [getRedisWriterToken()],
      useFactory: (writer: Redis) => ({
        throttlers: [{ ttl: 60_000, limit: 10 }],
        storage: new ThrottlerStorageRedisService(writer),
      }),
    }),
  ],
})
export class ThrottlingModule {}
