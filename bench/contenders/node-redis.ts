import { createSentinel } from 'redis';
import { writesKey, type Contender } from './contender.js';

export const nodeRedis: Contender = {
  name: 'node-redis, createSentinel',
  package: 'redis',
  needs: 'sentinel',
  async open({ sentinel }) {
    if (sentinel === undefined) throw new Error('There are no Sentinels here');
    const client = createSentinel({ name: sentinel.name, sentinelRootNodes: [...sentinel.addresses] });
    client.on('error', () => undefined);
    await client.connect();
    return { write: (id) => client.rPush(writesKey, id), close: async () => client.destroy() };
  },
};
