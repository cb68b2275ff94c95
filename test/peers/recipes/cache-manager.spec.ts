import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { Cache } from 'cache-manager';
import { describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { CachingModule } from './cache-manager.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('values are kept, and one that is set meanwhile is stored', async () => {
    const { context, failOver } = await open(incident, [CachingModule]);
    const cache = context.get<Cache>(CACHE_MANAGER);
    await cache.set('before', 1);
    await failOver(() => cache.set('meanwhile', 2, 60_000));
    expect(await cache.get('before')).toBe(1);
    expect(await cache.get('meanwhile')).toBe(2);
    await cache.del('before');
    expect(await cache.get('before')).toBeUndefined();
  });

  test('a value that is read meanwhile is found, not fetched anew', async () => {
    const { context, failOver } = await open(incident, [CachingModule]);
    const cache = context.get<Cache>(CACHE_MANAGER);
    await cache.set('key', 'cached');
    expect(await failOver(() => cache.wrap('key', () => 'fetched'))).toBe('cached');
  });
});
