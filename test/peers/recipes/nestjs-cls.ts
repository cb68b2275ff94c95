import { Injectable, Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InjectRedisWriter } from 'nestjs-redis-replication';
import { ClsModule, ClsService, type ClsStore } from 'nestjs-cls';

export interface RequestStore extends ClsStore {
  readonly user: string;
}

@Injectable()
export class Audit {
  constructor(
    private readonly cls: ClsService<RequestStore>,
    @InjectRedisWriter() private readonly writer: Redis,
  ) {}

  /** Returns the user of the request, as it is after the write. */
  async note(action: string): Promise<string> {
    await this.writer.lpush('audit', `${this.cls.get('user')}: ${action}`);
    return this.cls.get('user');
  }
}

@Module({
  imports: [ClsModule.forRoot({ global: true, middleware: { mount: true } })],
  providers: [Audit],
  exports: [Audit],
})
export class AuditModule {}
