import { writesKey, type Address, type Client, type Contender } from './contender.js';
import { openIoredis, startIoredis, tlsOptions, type IoredisOptions } from './open-ioredis.js';

/**
 * The floor: it detects nothing by itself, receives the right address at the moment of the promotion, and only has to
 * dial. A client that must detect the promotion cannot be faster.
 */
export const toldIoredis: Contender = {
  name: 'raw ioredis, told the address',
  package: 'ioredis',
  open: (place) => openTold(place.master, tlsOptions(place)),
};

export async function openTold(firstMaster: Address, tls: IoredisOptions = {}): Promise<Required<Client>> {
  const options: IoredisOptions = {
    ...tls,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
  };
  let redis = await openIoredis({ ...firstMaster, ...options });
  let leaving = createLeaving();
  return {
    // By itself `disconnect` settles a waiting command late, or never while ioredis is reconnecting.
    write: (id) => Promise.race([redis.rpush(writesKey, id), leaving.left]),
    tell(master) {
      leaving.leave();
      redis.disconnect();
      leaving = createLeaving();
      redis = startIoredis({ ...master, ...options });
    },
    close: async () => redis.disconnect(),
  };
}

function createLeaving(): { readonly leave: () => void; readonly left: Promise<never> } {
  const controller = new AbortController();
  const left = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('the old connection was given up')));
  });
  left.catch(() => undefined);
  return { leave: () => controller.abort(), left };
}
