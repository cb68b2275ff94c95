import type { Redis } from 'ioredis';

/**
 * A view of a connection without a socket. If `sendCommand` of ioredis is called on it, ioredis does all that it does for
 * a command that cannot be written yet: it starts the timers of `commandTimeout` and `blockingTimeout`, and instrumentation
 * that wraps the method (such as that of OpenTelemetry) begins its span. The command is not queued and nothing changes on
 * the connection.
 *
 * A proxy, because V8 gives an object that is the prototype of another a shape of its own. All that ioredis does with a
 * connection is slower if no two of them are of the same shape.
 */
export function parked(redis: Redis): Redis {
  const own = new Map<string | symbol, unknown>([
    ['status', 'connecting'],
    ['stream', undefined],
    ['condition', { select: 0, subscriber: false }],
    // Not empty, because ioredis ends the connection for a `QUIT` before which no command waits.
    ['offlineQueue', { length: 1, push: () => undefined }],
    // A `SELECT` emits an event when it is issued.
    ['emit', () => false],
  ]);
  return new Proxy(redis, {
    get: (target, name, view): unknown => (own.has(name) ? own.get(name) : Reflect.get(target, name, view)),
    set(_target, name, value) {
      own.set(name, value);
      return true;
    },
  });
}
