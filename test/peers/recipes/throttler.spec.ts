import { ThrottlerStorage } from '@nestjs/throttler';
import { describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { ThrottlingModule } from './throttler.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('requests are counted on, and refused beyond the limit', async () => {
    const { context, failOver } = await open(incident, [ThrottlingModule]);
    const storage = context.get<ThrottlerStorage>(ThrottlerStorage);
    const request = () => storage.increment('caller', 60_000, 2, 60_000, 'default');
    expect(await request()).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await failOver(request)).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await request()).toMatchObject({ isBlocked: true });
  });
});
