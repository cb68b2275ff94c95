import { BullModule, Process, Processor } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import type { Job, QueueOptions } from 'bull';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';

@Processor('mail')
export class MailProcessor {
  readonly sent: string[] = [];

  @Process()
  async send(job: Job<{ to: string }>): Promise<void> {
    this.sent.push(job.data.to);
  }
}

/** The types of Bull are those of its own copy of ioredis 5. */
function connectWith(writer: Redis): NonNullable<QueueOptions['createClient']> {
  const createClient = (type: string): unknown =>
    type === 'client' ? writer : writer.duplicate({ enableReadyCheck: false, maxRetriesPerRequest: null });
  return createClient as NonNullable<QueueOptions['createClient']>;
}

@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [getRedisWriterToken()],
      useFactory: (writer: Redis) => ({
        createClient: connectWith(writer),
        defaultJobOptions: { attempts: 3 },
        // After a lost connection, a worker asks for jobs again after 5 s unless this says otherwise.
        settings: { retryProcessDelay: 200 },
      }),
    }),
    BullModule.registerQueue({ name: 'mail' }),
  ],
  providers: [MailProcessor],
})
export class MailModule {}
