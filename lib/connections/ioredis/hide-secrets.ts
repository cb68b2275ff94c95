import type { Redis } from 'ioredis';

/** Options that hold a secret or may: `tls` has keys and passphrases. */
const SECRET_OPTIONS = ['password', 'sentinelPassword', 'sentinelUsername', 'tls', 'username'];

/**
 * What of a connection holds the options, the arguments of commands or a TLS socket with its options. They may be
 * assigned again and stay hidden.
 */
const SECRET_PARTS = [
  'commandQueue',
  'condition',
  'connector',
  'offlineQueue',
  'prevCommandQueue',
  'prevCondition',
  'settings',
  'stream',
];

/**
 * Hides secrets from whatever lists properties, such as `JSON.stringify`, `util.inspect` and error reporters. They can be
 * read and set by name as before, as ioredis does.
 */
export function hideSecrets(redis: Redis): void {
  for (const name of SECRET_OPTIONS) {
    hide(redis.options, name);
  }
  for (const name of SECRET_PARTS) {
    hide(redis, name);
  }
}

/** Hides a property, also one that is not set yet. */
function hide(target: object, name: string): void {
  const value: unknown = Reflect.get(target, name);
  Object.defineProperty(target, name, { value, configurable: true, enumerable: false, writable: true });
}
