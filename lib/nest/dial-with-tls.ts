import type { Notices } from '../notices/notices.js';
import { ChangingTls, withTls } from '../sockets/changing-tls.js';
import type { Dial } from '../sockets/dial.js';
import type { ResolvedOptions } from './options.js';

/** The dial of all connections to nodes: with TLS options that change, if the app gives such. */
export function dialWithTls(
  { tls, redis }: Pick<ResolvedOptions, 'tls' | 'redis'>,
  dial: Dial,
  notices: Notices,
): Dial {
  const changing =
    tls &&
    new ChangingTls({
      provider: tls,
      fixed: redis.tls ?? {},
      notices: {
        raise: (told, code) => notices.raise('tls', { code, level: 'warn', ...told }),
        end: (told, code) => notices.end('tls', { code, level: 'log', ...told }),
      },
    });
  return withTls(dial, changing);
}
