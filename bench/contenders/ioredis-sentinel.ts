import type { Contender, Place } from './contender.js';
import { type IoredisOptions, nodeOf, openIoredis, toClient } from './open-ioredis.js';

export const ioredisSentinel = sentinelContender('ioredis, Sentinel', {});

export const ioredisFailoverDetector = sentinelContender('ioredis, Sentinel + failoverDetector', {
  failoverDetector: true,
});

function sentinelContender(name: string, more: IoredisOptions): Contender {
  const start = (place: Place, role: 'master' | 'slave') =>
    openIoredis({ ...sentinelOptions(place), ...more, role });
  return {
    name,
    package: 'ioredis',
    needs: 'sentinel',
    open: async (place) => toClient(await start(place, 'master')),
    async openReader(place) {
      const redis = await start(place, 'slave');
      return {
        read: () => redis.get('bench:read'),
        node: () => nodeOf(redis),
        close: async () => redis.disconnect(),
      };
    },
  };
}

function sentinelOptions({ sentinel }: Place): IoredisOptions {
  if (sentinel === undefined) throw new Error('there are no Sentinels here');
  return { sentinels: [...sentinel.addresses], name: sentinel.name };
}
