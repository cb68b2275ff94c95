import type { Command } from 'ioredis';
import { isScan } from './command-traits.js';

/** Why a cursor of another server is refused, as text for the error. */
export const FOREIGN_CURSOR = 'its cursor was issued by another server; start the scan again';

/** A cursor of `SCAN`, `HSCAN` and the like is valid only on the server process that issued it. */
export class ScanCursors {
  /** The server that issued each cursor last, by command, key and cursor. */
  readonly #issuedBy = new Map<string, string>();

  readonly #server: () => string | undefined;

  /** `server` returns the server process that commands are sent to now. */
  constructor(server: () => string | undefined) {
    this.#server = server;
  }

  /** Whether a command that is about to be sent continues a scan of another server. */
  isForeign(command: Command): boolean {
    const server = isScan(command.name) ? this.#server() : undefined;
    if (server === undefined) {
      return false;
    }
    const issuer = this.#issuedBy.get(keyOf(command, cursorOf(command)));
    if (issuer !== undefined && issuer !== server) {
      return true;
    }
    command.promise.then(
      (reply: unknown) => this.#learn(keyOf(command, Array.isArray(reply) ? reply[0] : ''), server),
      () => undefined,
    );
    return false;
  }

  #learn(cursor: string, server: string): void {
    if (cursor === '') {
      return;
    }
    this.#issuedBy.delete(cursor);
    this.#issuedBy.set(cursor, server);
    const [oldest] = this.#issuedBy.keys();
    if (this.#issuedBy.size > MAX_CURSORS && oldest !== undefined) {
      this.#issuedBy.delete(oldest);
    }
  }
}

const MAX_CURSORS = 1000;

function cursorOf({ name, args }: Command): unknown {
  return name.toLowerCase() === 'scan' ? args[0] : args[1];
}

/** Empty for the cursor 0, which starts and ends a scan on any server. */
function keyOf({ name, args }: Command, cursor: unknown): string {
  const scanned = name.toLowerCase() === 'scan' ? '' : String(args[0]);
  return String(cursor) === '0' ? '' : `${name.toLowerCase()} ${scanned} ${String(cursor)}`;
}
