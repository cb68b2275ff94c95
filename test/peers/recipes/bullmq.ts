import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';

@Processor('mail')
export class MailProcessor extends WorkerHost {
  readonly sent: string[] = [];

  async process(job: Job<{ to: string }>): Promise<void> {
    this.sent.push(job.data.to);
  }
}

@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [getRedisWriterToken()],
      useFactory: (connection: Redis) => ({ connection, defaultJobOptions: { attempts: 3 } }),
    }),
    BullModule.registerQueue({ name: 'mail' }),
  ],
  providers: [MailProcessor],
})
export class MailModule {}
