import { Injectable, type Provider } from '@nestjs/common';
import type { Redis } from 'ioredis';
import RedisMock from 'ioredis-mock';
import {
  getRedisReaderToken,
  getRedisWriterToken,
  InjectRedisReader,
  InjectRedisWriter,
} from 'nestjs-redis-replication';

@Injectable()
export class Notes {
  constructor(
    @InjectRedisWriter() private readonly writer: Redis,
    @InjectRedisReader() private readonly reader: Redis,
  ) {}

  async add(text: string): Promise<readonly string[]> {
    await this.writer.rpush('notes', text);
    return this.reader.lrange('notes', 0, -1);
  }
}

/** In the place of `RedisReplicationModule.forRoot()`, for a unit test. Both connections have the same data. */
export const inMemory: Provider[] = [
  { provide: getRedisWriterToken(), useFactory: () => new RedisMock() },
  { provide: getRedisReaderToken(), useFactory: () => new RedisMock() },
];
