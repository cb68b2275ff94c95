import type { Contender } from './contender.js';
import { openIoredis, tlsOptions, toClient } from './open-ioredis.js';

/** ioredis as it is, at the address of the first master, with the advice for `READONLY`: reconnect and send again. */
export const ioredisReconnect: Contender = {
  name: 'ioredis, reconnectOnError',
  package: 'ioredis',
  async open(place) {
    const redis = await openIoredis({
      ...place.master,
      ...tlsOptions(place),
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    });
    return toClient(redis);
  },
};
