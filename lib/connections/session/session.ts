import { Command, type Redis } from 'ioredis';
import type { Notices } from '../../notices/notices.js';
import { line } from '../../topology/log-line.js';
import { prepareSetup } from '../ioredis/internals.js';
import { sessionCommand, sessionCommands } from './session-commands.js';

interface Setting {
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * What the app has set on its connection by commands and what later connections of the same object need too: the
 * database, the login, the name and settings such as `CLIENT NO-EVICT`. A command counts once it has succeeded.
 */
export class Session {
  readonly #redis: Redis;
  readonly #notices: Notices;
  readonly #settings = new Map<string, Setting>();
  #db: number;
  /** The database of the last `SELECT` that succeeded. */
  #selectedDb: number;
  #lastSelect: Command | undefined;

  constructor(redis: Redis, notices: Notices) {
    this.#redis = redis;
    this.#notices = notices;
    this.#db = redis.options.db ?? 0;
    this.#selectedDb = this.#db;
  }

  /** The database of commands that are issued now. The one that is selected on the socket may lag behind. */
  get db(): number {
    return this.#db;
  }

  /** Notes a command of the app. Returns why it must not be sent, as text for an error. Called for every command. */
  note(command: Command): string | undefined {
    return sessionCommands.has(command.name) ? this.#note(command) : undefined;
  }

  /** Sends the settings of the app on a new connection. One that a node refuses is told to operators. */
  restore(node: string | undefined, write: (command: Command) => unknown): void {
    for (const { name, args } of this.#settings.values()) {
      const command = new Command(name, [...args], { replyEncoding: 'utf8' });
      prepareSetup(command);
      command.promise.catch((error: unknown) =>
        this.#tell(error, [name, ...args].slice(0, 2).join(' '), node),
      );
      write(command);
    }
  }

  #note(command: Command): string | undefined {
    const what = sessionCommand(command);
    switch (what?.kind) {
      case 'refused':
        return command.name === 'monitor' && this.#redis.options.monitor === true ? undefined : what.reason;
      case 'database':
        this.#select(command, what.db);
        return undefined;
      case 'login':
        whenDone(command, () => this.#logIn(command.args.map(String)));
        return undefined;
      case 'name':
        whenDone(command, () => (this.#redis.options.connectionName = String(command.args[1])));
        return undefined;
      case 'setting':
        whenDone(command, () =>
          this.#settings.set(what.key, { name: command.name, args: command.args.map(String) }),
        );
        return undefined;
      default:
        return undefined;
    }
  }

  /**
   * Commands that are issued before the reply are meant for the new database. If it cannot be selected, those that are
   * issued after that go to the one before.
   */
  #select(command: Command, db: number): void {
    // ioredis knows a `SELECT` by this name only.
    command.name = 'select';
    this.#db = db;
    this.#lastSelect = command;
    command.promise.then(
      () => (this.#selectedDb = db),
      (error: unknown) => this.#failToSelect(command, { db, error }),
    );
  }

  #failToSelect(command: Command, { db, error }: { readonly db: number; readonly error: unknown }): void {
    const { condition } = this.#redis;
    if (command === this.#lastSelect) {
      this.#db = this.#selectedDb;
    }
    // ioredis takes it for selected as soon as it is sent.
    if (condition?.select === db && error instanceof Error && error.name === 'ReplyError') {
      condition.select = this.#selectedDb;
    }
  }

  /** ioredis logs in with these on each connection. */
  #logIn(args: readonly string[]): void {
    const { options } = this.#redis;
    options.password = args.at(-1);
    options.username = args.length > 1 ? args[0] : undefined;
  }

  #tell(error: unknown, what: string, node: string | undefined): void {
    if (error instanceof Error && error.name === 'ReplyError') {
      const [refusal = ''] = error.message.split(' ');
      const command = what.toUpperCase().trim();
      const told = line`${{ command }} could not be restored on ${{ node }}: ${{ refusal }}`;
      this.#notices.begin(`restore ${what}`, { code: 'RR430', level: 'warn', ...told });
    }
  }
}

function whenDone(command: Command, then: () => unknown): void {
  command.promise.then(
    // In a transaction the reply is only `QUEUED`.
    (reply) => void (String(reply) === 'OK' && then()),
    () => undefined,
  );
}
