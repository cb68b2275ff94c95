import type { Command } from 'ioredis';
import { isScan } from './command-traits.js';

/** A cursor of `SCAN` and its kind means something to the server process only that gave it out. */
export class ScanCursors {
  /** Which server gave out a cursor last, by what was scanned. */
  readonly #givenBy = new Map<string, string>();

  readonly #server: () => string | undefined;

  /** `server` says where commands are sent now. */
  constructor(server: () => string | undefined) {
    this.#server = server;
  }

  /** Whether a command, about to be sent, goes on with a scan that was begun on another server. */
  isForeign(command: Command): boolean {
    const server = isScan(command.name) ? this.#server() : undefined;
    if (server === undefined) {
      return false;
    }
    const giver = this.#givenBy.get(place(command, cursorOf(command)));
    if (giver !== undefined && giver !== server) {
      return true;
    }
    command.promise.then(
      (reply: unknown) => this.#learn(place(command, Array.isArray(reply) ? reply[0] : ''), server),
      () => undefined,
    );
    return false;
  }

  #learn(cursor: string, server: string): void {
    if (cursor === '') {
      return;
    }
    this.#givenBy.delete(cursor);
    this.#givenBy.set(cursor, server);
    const [oldest] = this.#givenBy.keys();
    if (this.#givenBy.size > MAX_CURSORS && oldest !== undefined) {
      this.#givenBy.delete(oldest);
    }
  }
}

const MAX_CURSORS = 1000;

function cursorOf({ name, args }: Command): unknown {
  return name.toLowerCase() === 'scan' ? args[0] : args[1];
}

/** The cursor 0 begins and ends a scan: it is nobody's. */
function place({ name, args }: Command, cursor: unknown): string {
  const of = name.toLowerCase() === 'scan' ? '' : String(args[0]);
  return String(cursor) === '0' ? '' : `${name.toLowerCase()} ${of} ${String(cursor)}`;
}
