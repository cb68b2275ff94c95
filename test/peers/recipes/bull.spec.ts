import { getQueueToken } from '@nestjs/bull';
import Bull, { type Queue } from 'bull';
import type { Redis } from 'ioredis';
import { getRedisWriterToken } from 'nestjs-redis-replication';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { MailModule, MailProcessor } from './bull.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('a worker that waited for jobs gets those that are added meanwhile and afterwards, in order', async () => {
    const { context, failOver } = await open(incident, [MailModule]);
    const queue = context.get<Queue>(getQueueToken('mail'));
    const { sent } = context.get(MailProcessor);
    const send = async (to: string) => {
      await queue.add({ to }, { jobId: to });
      await until(`${to} is sent`, () => sent.includes(to), { timeoutMs: 20_000 });
    };
    await send('before');
    await failOver(() => send('meanwhile'));
    await send('afterwards');
    // One whose completion was lost with its master runs again.
    expect([...new Set(sent)]).toEqual(['before', 'meanwhile', 'afterwards']);
  });
});

test('without `createClient`, Bull connects to 127.0.0.1:6379 by itself and follows nobody', async () => {
  const { context } = await open();
  const writer = context.get<Redis>(getRedisWriterToken());
  const queue = new Bull('alone', { redis: { lazyConnect: true } });
  onTestFinished(() => queue.client.disconnect());
  expect(queue.client).not.toBe(writer);
  expect(queue.client.options).toMatchObject({ port: 6379 });
});
