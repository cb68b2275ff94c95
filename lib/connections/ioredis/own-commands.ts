import type { Socket } from 'node:net';
import type { Command, Redis } from 'ioredis';

/*
 * Tells the commands with which ioredis sets up a connection from those of the app, which must wait until the node is
 * verified. ioredis issues both through the same methods, so a command is recognized by when it is issued: ioredis begins
 * its handshake in a `process.nextTick` as soon as it receives the socket, and the app cannot run before it is done with
 * that. What it issues later is a repetition (when the server does not know `HELLO`) or one of a few known commands. Once
 * the server is verified, it restores the database and the subscriptions of the previous connection in the same turn.
 */

/**
 * Call it in `connect()` of the connector, with the promise that ioredis will be given. ioredis begins the handshake when
 * that promise is fulfilled; the callback that is added here runs immediately after.
 */
export function noteHandshakes(connected: Promise<Socket>): void {
  // By then, ioredis has added its own callback.
  queueMicrotask(() => {
    connected.then(
      (socket) => process.nextTick(() => begun.add(socket)),
      () => undefined,
    );
  });
}

/** Call it when the server is verified, just before ioredis becomes ready. */
export function noteVerified(socket: Socket): void {
  restoring.add(socket);
  queueMicrotask(() => restoring.delete(socket));
}

/** Whether ioredis itself issues this command to set up the connection. */
export function isOwnCommand({ status, stream, condition }: Redis, command: Command): boolean {
  if (status !== 'connect') {
    return status === 'ready' && restoring.has(stream);
  }
  const first = issuedFirst.get(stream) ?? [];
  if (!begun.has(stream)) {
    issuedFirst.set(stream, [...first, command]);
    return true;
  }
  return isKnown(command, condition) || first.some((each) => isSame(each, command));
}

/** Sockets on which ioredis has issued the first commands of its handshake. */
const begun = new WeakSet<object>();
const issuedFirst = new WeakMap<object, readonly Command[]>();
/** Sockets on which ioredis restores what the previous connection had. */
const restoring = new WeakSet<object>();

/** What ioredis issues later. The app may issue the same at that moment; sending that too does no harm. */
function isKnown({ name, args }: Command, condition: Redis['condition']): boolean {
  switch (name) {
    case 'select':
      return Number(args[0]) === condition?.select;
    case 'info':
      return args.length === 0;
    case 'client':
      return String(args[0]) === 'SETINFO';
    case 'auth':
      return String(args) === String(condition?.auth);
    default:
      return false;
  }
}

function isSame(a: Command, b: Command): boolean {
  return (
    a.name === b.name &&
    a.args.length === b.args.length &&
    a.args.every((arg, index) => String(arg) === String(b.args[index]))
  );
}
