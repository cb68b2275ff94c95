import { BullModule, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, Module } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';

@Processor('mail')
export class MailProcessor extends WorkerHost {
  readonly sent: string[] = [];
  private readonly logger = new Logger(MailProcessor.name);

  async process(job: Job<{ to: string }>): Promise<void> {
    this.sent.push(job.data.to);
  }

  /** Without a listener, BullMQ prints errors to the console. */
  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.warn(error.message);
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
