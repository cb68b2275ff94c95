import { RateLimiterRedis } from 'rate-limiter-flexible';
import { describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { createLimiter } from './rate-limiter-flexible.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('points are counted on, and refused beyond the limit', async () => {
    const { writer, failOver } = await open(incident);
    const limiter = createLimiter(writer);
    expect(await limiter.consume('caller', 4)).toMatchObject({ consumedPoints: 4 });
    expect(await failOver(() => limiter.consume('caller', 4))).toMatchObject({ consumedPoints: 8 });
    await expect(limiter.consume('caller', 4)).rejects.toMatchObject({ consumedPoints: 12 });
  });

  test('an `insuranceLimiter` is not needed for a failover: a request waits for the next master', async () => {
    const { writer, failOver } = await open(incident);
    const limiter = new RateLimiterRedis({ storeClient: writer, points: 1, duration: 60 });
    await failOver(() => limiter.consume('caller'));
    expect(await limiter.get('caller')).toMatchObject({ consumedPoints: 1 });
  });
});
