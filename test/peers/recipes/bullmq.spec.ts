import { getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { describe, expect, test } from 'vitest';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { MailModule, MailProcessor } from './bullmq.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('a worker that waited for jobs gets those that are added meanwhile and afterwards, in order', async () => {
    const { context, failOver } = await open(incident, [MailModule]);
    const queue = context.get<Queue>(getQueueToken('mail'));
    const { sent } = context.get(MailProcessor);
    const send = async (to: string) => {
      await queue.add('welcome', { to }, { jobId: to });
      await until(`${to} is sent`, () => sent.includes(to), { timeoutMs: 20_000 });
    };
    await send('before');
    await failOver(() => send('meanwhile'));
    await send('afterwards');
    // One whose completion was lost with its master runs again.
    expect([...new Set(sent)]).toEqual(['before', 'meanwhile', 'afterwards']);
  });
});
