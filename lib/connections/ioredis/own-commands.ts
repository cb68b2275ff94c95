import type { Socket } from 'node:net';
import type { Command, Redis } from 'ioredis';

/*
 * Tells the commands with which ioredis sets up a connection from those of the app, which must wait until the node is
 * verified. ioredis issues both through the same methods, so a command is recognized by when it is issued: ioredis begins
 * its handshake in a `process.nextTick` as soon as it receives the socket, and the app cannot run before it is done with
 * that. What it issues later is a repetition (when the server does not know `HELLO`) or one of a few known commands.
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

/** Whether ioredis itself issues this command to set up the connection. */
export function isOwnCommand(redis: Redis, command: Command): boolean {
  const { status, stream, condition } = redis;
  if (status !== 'connect') {
    return status === 'ready' && (RESTORE.has(command.name) || isNaming(redis, command));
  }
  const first = issuedFirst.get(stream) ?? [];
  if (!begun.has(stream)) {
    issuedFirst.set(stream, [...first, command]);
    return true;
  }
  return isKnown(command, condition?.select) || first.some((each) => isSame(each, command));
}

/** Sockets on which ioredis has issued the first commands of its handshake. */
const begun = new WeakSet<object>();
const issuedFirst = new WeakMap<object, readonly Command[]>();

const RESTORE = new Set(['psubscribe', 'select', 'ssubscribe', 'subscribe']);

/** ioredis before 5.5 names a connection only when it is ready. */
function isNaming({ options }: Redis, { name, args }: Command): boolean {
  return name === 'client' && String(args[0]) === 'setname' && args[1] === options.connectionName;
}

/** What ioredis issues later. The app may issue the same at that moment; sending that too does no harm. */
function isKnown({ name, args }: Command, db: number | undefined): boolean {
  switch (name) {
    case 'select':
      return Number(args[0]) === db;
    case 'info':
      return args.length === 0;
    case 'client':
      return /^set(name|info)$/i.test(String(args[0]));
    default:
      return name === 'auth' || name === 'hello' || name === 'readonly';
  }
}

function isSame(a: Command, b: Command): boolean {
  return (
    a.name === b.name &&
    a.args.length === b.args.length &&
    a.args.every((arg, index) => String(arg) === String(b.args[index]))
  );
}
