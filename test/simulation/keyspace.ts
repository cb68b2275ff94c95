import { array, bulk, error, integer, nil, simple, type Reply } from '../support/resp.js';

/** The data of one server. */
export class Keyspace {
  readonly #values: Map<string, string | readonly string[]>;
  readonly #changes = new Map<string, number>();

  constructor(values: ReadonlyMap<string, string | readonly string[]> = new Map()) {
    this.#values = new Map(values);
  }

  copy(): Keyspace {
    return new Keyspace(this.#values);
  }

  /** Grows with each change of a key, for `WATCH`. */
  version(key: string): number {
    return this.#changes.get(key) ?? 0;
  }

  execute([name = '', ...args]: readonly string[]): Reply {
    const command = commands[name.toUpperCase()];
    return command === undefined
      ? error(`ERR unknown command '${name}', with args beginning with: `)
      : command(this, args);
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  list(key: string): readonly string[] {
    const value = this.#values.get(key);
    return typeof value === 'object' ? value : [];
  }

  write(key: string, value: string | readonly string[]): void {
    this.#values.set(key, value);
    this.#changes.set(key, this.version(key) + 1);
  }
}

type DataCommand = (data: Keyspace, args: readonly string[]) => Reply;

const push: DataCommand = (data, [key = '', ...values]) => {
  const items = [...data.list(key), ...values];
  data.write(key, items);
  return integer(items.length);
};

const bulkOrNil = (text: string | undefined): Reply => (text === undefined ? nil : bulk(text));

const commands: Readonly<Record<string, DataCommand>> = {
  GET: (data, [key = '']) => bulkOrNil(data.text(key)),
  LLEN: (data, [key = '']) => integer(data.list(key).length),
  RPUSH: push,
  SET(data, [key = '', value = '', mode]) {
    if (mode?.toUpperCase() === 'XX' && data.text(key) === undefined) {
      return nil;
    }
    data.write(key, value);
    return simple('OK');
  },
  INCR(data, [key = '']) {
    const value = Number(data.text(key) ?? 0) + 1;
    data.write(key, String(value));
    return integer(value);
  },
  LPUSH(data, [key = '', ...values]) {
    const items = [...values.toReversed(), ...data.list(key)];
    data.write(key, items);
    return integer(items.length);
  },
  /** As it is executed once there is something in the list. */
  BLPOP(data, [key = '']) {
    const [first, ...rest] = data.list(key);
    if (first === undefined) {
      return nil;
    }
    data.write(key, rest);
    return array(bulk(key), bulk(first));
  },
  XADD(data, [key = '', , , value = '']) {
    const items = [...data.list(key), value];
    data.write(key, items);
    return bulk(`${items.length}-0`);
  },
  /** Treats every script as an append, the only one that the load uses. */
  EVAL: (data, [, , ...keyAndArgs]) => push(data, keyAndArgs),
};
