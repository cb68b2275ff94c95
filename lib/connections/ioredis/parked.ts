import { Redis } from 'ioredis';

/**
 * A view of a connection without a socket. If `sendCommand` of ioredis is called on it, ioredis does all that it does for
 * a command that cannot be written yet: it starts the timers of `commandTimeout` and `blockingTimeout`, and instrumentation
 * that wraps the method (such as that of OpenTelemetry) begins its span. The command is not queued and nothing changes on
 * the connection.
 */
export function parked(redis: Redis): Redis {
  const view: unknown = Object.create(redis, {
    status: { value: 'connecting' },
    stream: { value: undefined },
    condition: { value: { select: 0, subscriber: false }, writable: true },
    // Not empty, because ioredis ends the connection for a `QUIT` before which no command waits.
    offlineQueue: { value: { length: 1, push: () => undefined } },
    // A `SELECT` emits an event when it is issued.
    emit: { value: () => false },
  });
  if (!isConnection(view)) {
    throw new TypeError('the view has lost the prototype of the connection');
  }
  return view;
}

function isConnection(candidate: unknown): candidate is Redis {
  return candidate instanceof Redis;
}
