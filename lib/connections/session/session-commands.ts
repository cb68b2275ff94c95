/** What a command does to the connection on which it is sent, beyond its reply. */
export type SessionCommand =
  | { readonly kind: 'database'; readonly db: number }
  | { readonly kind: 'login' }
  | { readonly kind: 'name' }
  /** Sent again on each later connection; the last one with the same key counts. */
  | { readonly kind: 'setting'; readonly key: string }
  | { readonly kind: 'refused'; readonly reason: string };

interface Named {
  readonly name: string;
  readonly args: readonly unknown[];
}

const NAMES = [
  'auth',
  'client',
  'hello',
  'monitor',
  'psync',
  'readonly',
  'readwrite',
  'reset',
  'script',
  'select',
  'sync',
];

/** The commands that `sessionCommand` knows, in lower case, as methods have them, and in upper case, as for `call()`. */
export const sessionCommands: ReadonlySet<string> = new Set(
  NAMES.flatMap((name) => [name, name.toUpperCase()]),
);

/** `undefined` if the command leaves the connection as it is. */
export function sessionCommand({ name, args }: Named): SessionCommand | undefined {
  const first = args.slice(0, 1).map(String).join('').toLowerCase();
  switch (name.toLowerCase()) {
    case 'select':
      return /^\d+$/.test(first) ? { kind: 'database', db: Number(first) } : undefined;
    case 'auth':
      return { kind: 'login' };
    case 'client':
      return clientCommand(first, args);
    case 'readonly':
    case 'readwrite':
      return { kind: 'setting', key: 'readonly' };
    case 'hello':
      return args.length === 0 ? undefined : refused(HELLO);
    case 'script':
      return first === 'debug' ? refused('the debugger takes over the connection') : undefined;
    case 'monitor':
      return refused(
        'its messages would be taken for replies; call monitor(), which opens a connection of its own',
      );
    case 'psync':
    case 'sync':
      return refused('it turns the connection into that of a replica');
    case 'reset':
      return refused(
        'the database, the login and the protocol would no longer be those of the options; use duplicate()',
      );
    default:
      return undefined;
  }
}

const HELLO =
  'the protocol is chosen by the option "redis.protocol"; use AUTH and CLIENT SETNAME for the login and the name';

function clientCommand(subcommand: string, args: readonly unknown[]): SessionCommand | undefined {
  const isOff = /^off$/i.test(String(args[1]));
  switch (subcommand) {
    case 'setname':
      return { kind: 'name' };
    case 'setinfo':
      return { kind: 'setting', key: `setinfo ${String(args[1]).toLowerCase()}` };
    case 'capa':
    case 'import-source':
    case 'no-evict':
    case 'no-touch':
      return { kind: 'setting', key: subcommand };
    case 'reply':
      return /^on$/i.test(String(args[1]))
        ? undefined
        : refused('every command waits for its reply; do not wait for the promise instead');
    case 'caching':
      return refused(TRACKING);
    case 'tracking':
      return isOff ? undefined : refused(TRACKING);
    default:
      return undefined;
  }
}

const TRACKING =
  'what is invalidated during a failover would not be told, and a cache would keep it; track on a client of your own';

function refused(reason: string): SessionCommand {
  return { kind: 'refused', reason };
}
