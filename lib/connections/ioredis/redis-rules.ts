import type { RedisOptions } from 'ioredis';
import { describeKey } from '../../options/describe-value.js';
import { nearest } from '../../options/nearest.js';
import {
  allow,
  allowSecret,
  anything,
  durationMs,
  findFaults,
  flag,
  isPlainObject,
  oneOf,
  refuse,
  wholeNumber,
  type Rule,
} from '../../options/rules.js';
import { laterSettings, ownedOptions } from './redis-options.js';

const aList = allow('a list', Array.isArray);
const aSecret = allowSecret('a string', (value) => typeof value === 'string');
const anyText = allow('a string', (value) => typeof value === 'string');
const tls = allow('an object with options of tls.connect(), such as {}', isPlainObject);
/** A server refuses other names, and ioredis ignores that. */
const clientName = allow(
  'a string without blanks',
  (value) => typeof value === 'string' && /^[!-~]*$/.test(value),
);

/** Every option of ioredis 5.4 to 6 that the app may set. The options of its Sentinel client have no effect. */
export const redisRules = {
  autoPipeliningIgnoredCommands: aList,
  autoResubscribe: flag,
  blockingTimeout: allow('a number of milliseconds', Number.isFinite),
  blockingTimeoutGrace: durationMs(0),
  clientInfoTag: anyText,
  commandTimeout: durationMs(1),
  connectTimeout: durationMs(1),
  connectionName: clientName,
  db: wholeNumber(0),
  disableClientInfo: flag,
  disconnectTimeout: durationMs(0),
  enableAutoPipelining: flag,
  enableTLSForSentinelMode: anything,
  failoverDetector: anything,
  family: oneOf([0, 4, 6]),
  himportFieldsets: aList,
  keepAlive: durationMs(0),
  keyPrefix: anyText,
  lazyConnect: flag,
  maxLoadingRetryTime: durationMs(0),
  noDelay: flag,
  password: aSecret,
  preferredSlaves: anything,
  protocol: oneOf([2, 3]),
  replyMapping: oneOf(['legacy', 'resp3']),
  scripts: allow('an object', isPlainObject),
  sentinelCommandTimeout: anything,
  sentinelMaxConnections: anything,
  sentinelPassword: anything,
  sentinelReconnectStrategy: anything,
  sentinelRetryStrategy: anything,
  sentinelTLS: anything,
  sentinelUsername: anything,
  showFriendlyErrorStack: flag,
  socketTimeout: durationMs(0),
  stringNumbers: flag,
  tls,
  updateSentinels: anything,
  username: aSecret,
} as const satisfies Readonly<Record<Exclude<keyof RedisOptions, keyof typeof ownedOptions>, Rule>>;

const rules = {
  ...redisRules,
  ...Object.fromEntries(Object.entries(ownedOptions).map(([name, reason]) => [name, refuse(reason)])),
  maintNotifications: refuse(
    ownedOptions.maintNotifications,
    (value) => value === laterSettings.maintNotifications,
  ),
  maxRetriesPerRequest: refuse(ownedOptions.maxRetriesPerRequest, (value) => value === null),
};

/** The options of ioredis. A later version may have others, so an unknown one is a fault only if it looks like a typo. */
export const redisRule: Rule = (subject, value) =>
  isPlainObject(value)
    ? findFaults(rules, value, { subjectOf: (key) => `option "redis.${key}"`, unknown: 'similar' })
    : allow('an object', isPlainObject)(subject, value);

/** Options that are passed on to ioredis although they are unknown, by name. */
export function findUnknown(redis: object): readonly string[] {
  const known = Object.keys(rules);
  return Object.keys(redis)
    .filter((name) => !known.includes(name) && nearest(name, known) === undefined)
    .map((name) => `redis.${describeKey(name)}`);
}
