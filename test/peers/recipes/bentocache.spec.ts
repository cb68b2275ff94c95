import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { createCache } from './bentocache.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('values are kept, and one that is set meanwhile is stored and told to other processes', async () => {
    const { writer, failOver } = await open(incident);
    const [one, other] = [createCache(writer), createCache(writer)];
    onTestFinished(() => one.disconnectAll());
    await one.set({ key: 'count', value: 1 });
    expect(await other.get({ key: 'count' })).toBe(1);
    await failOver(() => one.set({ key: 'count', value: 2 }));
    // The other holds the old value in memory until it hears of the new one.
    await until('the other process heard of a new value', async () => {
      await one.set({ key: 'count', value: 3 });
      return (await other.get({ key: 'count' })) === 3;
    });
  });
});
