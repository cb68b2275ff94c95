import type { RedisOptions } from 'ioredis';
import type { LineSettings } from './line/line-state.js';
import type { OutcomeSettings } from './outcomes/outcomes.js';

/** What a connection that follows the topology needs to know. */
export interface FollowingSettings extends OutcomeSettings {
  readonly redis: Omit<RedisOptions, 'replyMapping'>;
  readonly line: LineSettings;
  /** Why a command must not be sent on this connection, in words for the caller. */
  readonly refuse?: (commandName: string) => string | undefined;
  readonly onError: (error: Error) => void;
  /** When the connection is made; `lazyConnect` of ioredis has its say too. Duplicates begin at once. */
  readonly begin: 'at once' | 'when asked';
}
