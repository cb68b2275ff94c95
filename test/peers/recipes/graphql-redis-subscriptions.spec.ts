import { describe, expect, test } from 'vitest';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { createPubSub } from './graphql-redis-subscriptions.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('a publication meanwhile does not fail, and subscribers hear what is published afterwards', async () => {
    const { writer, failOver } = await open(incident);
    const pubSub = createPubSub(writer);
    const heard: unknown[] = [];
    await pubSub.subscribe('orders', (order) => heard.push(order));
    await pubSub.publish('orders', { id: 'before' });
    await until('the first is heard', () => heard.length === 1);
    await failOver(() => pubSub.publish('orders', { id: 'meanwhile' }));
    await until('one is heard again', async () => {
      await pubSub.publish('orders', { id: 'afterwards' });
      return heard.some((order) => JSON.stringify(order) === '{"id":"afterwards"}');
    });
    expect(heard[0]).toEqual({ id: 'before' });
  });
});
