import type { Command, RedisOptions } from 'ioredis';
import type { Logins } from '../credentials/logins.js';
import { laterSettings, ownedSettings } from './ioredis/redis-options.js';
import type { LineSettings } from './line/line-state.js';
import type { OutcomeSettings } from './outcomes/outcome-settings.js';

/** The settings of a connection that follows the topology. */
export interface FollowingSettings extends OutcomeSettings {
  readonly redis: Omit<RedisOptions, 'replyMapping'>;
  /** Credentials that change, in place of those in `redis`. */
  readonly logins?: Logins | undefined;
  readonly line: LineSettings;
  /** Returns why a command must not be sent on this connection; `undefined` if it may be sent. */
  readonly refuse?: (command: Command) => Error | undefined;
  /** When the connection is opened. `when asked` has the same effect as `lazyConnect: true` of ioredis. */
  readonly begin: 'at once' | 'when asked';
}

/** The settings of a duplicate. It opens no sockets in advance, because there may be many of them. */
export function duplicateSettings(
  { line, redis, ...settings }: FollowingSettings,
  override: Partial<RedisOptions>,
): FollowingSettings {
  return {
    ...settings,
    begin: 'at once',
    // One line for each of many duplicates would say little.
    tellsRecovery: false,
    account: settings.account?.ofDuplicates(),
    line: { ...line, candidates: () => [] },
    redis: { ...redis, ...duplicateName(redis), ...override },
  };
}

type Options = FollowingSettings['redis'];

/** The options of ioredis for a connection with these settings. */
export function optionsFor({ redis, begin }: FollowingSettings): Options {
  const lazyConnect = begin === 'when asked' || redis.lazyConnect === true;
  return { ...redis, ...ownedSettings, ...laterSettings, lazyConnect };
}

/** The name of a duplicate, so that `CLIENT LIST` tells it from the connection that it was made of. */
export function duplicateName({ connectionName }: Options): Options {
  return connectionName === undefined || connectionName.endsWith(DUPLICATE)
    ? {}
    : { connectionName: `${connectionName}${DUPLICATE}` };
}

const DUPLICATE = ':duplicate';
