import type { ResolvedClusterOptions, ResolvedOptions } from '../../nest/options.js';
import type { Setup, SourceKind } from '../facts.js';

/** How the app would connect, without what is secret. */
export function setupOf(source: SourceKind, options: ResolvedOptions | ResolvedClusterOptions): Setup {
  const { redis, probeKey, replyTimeoutMs, requireMajority, minReplicas } = options;
  const { username = 'default', password, tls, db = 0, keyPrefix = '' } = redis;
  return {
    source,
    // It stands in lines that are to be run, so it must not break them.
    user: /^[\w.@-]{1,64}$/.test(username) ? username : '<user>',
    password: password === undefined ? 'none' : 'set',
    tls: tls === undefined ? 'off' : 'on',
    database: db,
    probeKey: `${keyPrefix}${probeKey}`,
    replyTimeoutMs,
    requireMajority,
    minReplicas,
  };
}
