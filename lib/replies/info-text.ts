/** The fields of an `INFO` reply that are used, by name. */
export type InfoFields = ReadonlyMap<string, string>;

/** What an `INFO` reply says, and whether the server alone has said it. */
export interface Info {
  readonly fields: InfoFields;
  /** The values of the lines `slave0`, `slave1`, … */
  readonly replicas: readonly string[];
  /** How many keys all databases have together; `undefined` if the reply has no section `Keyspace`. */
  readonly keys?: number;
  /**
   * Others can write into some lines, above all a replica by `REPLCONF ip-address`, and a line break in there begins a
   * line of theirs. `forged`: a field that is used stands twice, or after lines that it must precede, so that nothing in
   * the reply can be believed (M21).
   */
  readonly trust: 'plain' | 'forged';
}

/**
 * The longest reply that is read, in characters; a real one has 2,000 to 60,000, and a thousand replicas add 80,000.
 * Reading this many takes some milliseconds, whatever they are.
 */
export const MAX_INFO_LENGTH = 500_000;

/** Servers have always printed these fields in the section `Replication`, after the replicas. */
const HISTORY = ['master_replid', 'master_replid2', 'master_repl_offset', 'second_repl_offset'];

/** The other fields that are used. Valkey can name `redis_mode` `server_mode`. */
const EARLY = [
  'redis_version',
  'valkey_version',
  'redis_mode',
  'server_mode',
  'run_id',
  'connected_clients',
  'loading',
  'loading_eta_seconds',
  'role',
  'master_host',
  'master_port',
  'master_link_status',
  'master_sync_in_progress',
  'slave_repl_offset',
  'master_link_down_since_seconds',
];

/** The order of the lines in every supported server (Redis 6.2 to 8.6, Valkey 7.2 to 9.1). */
const stages = { early: 0, replica: 1, history: 2, keys: 3 } as const;

type Stage = keyof typeof stages;

const stageByName: ReadonlyMap<string, Stage> = new Map([
  ...EARLY.map((name) => [name, 'early'] as const),
  ...HISTORY.map((name) => [name, 'history'] as const),
]);

/** Longer than any name that is used: what has no colon by then is not looked at. */
const MAX_NAME = 40;

const KEYSPACE = '# Keyspace';

/** Reads the lines that are used, in linear time, up to `MAX_INFO_LENGTH` characters. */
export function readInfoText(text: string): Info {
  const reader = new LineReader();
  const limit = Math.min(text.length, MAX_INFO_LENGTH);
  for (let start = 0; start < limit;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    reader.read(text, start, text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
  }
  return reader.info;
}

class LineReader {
  readonly #fields = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #replicas: string[] = [];
  #keys: number | undefined;
  #stage: number = stages.early;
  #trust: Info['trust'] = 'plain';

  get info(): Info {
    return {
      fields: this.#fields,
      replicas: this.#replicas,
      ...(this.#keys !== undefined && { keys: this.#keys }),
      trust: this.#trust,
    };
  }

  /** Most lines are of no use, so a line is cut out of the text only where its first letter promises something. */
  read(text: string, start: number, end: number): void {
    if (!FIRST_LETTERS.has(text[start] ?? '')) {
      return;
    }
    const head = text.slice(start, Math.min(end, start + MAX_NAME));
    const colon = head.indexOf(':');
    const name = colon < 1 ? '' : head.slice(0, colon);
    const stage = head === KEYSPACE ? 'keys' : stageOf(name);
    if (stage !== undefined) {
      this.#check(head === KEYSPACE ? head : name, stage);
      this.#keep(stage, name, text.slice(start + colon + 1, end));
    }
  }

  #check(name: string, stage: Stage): void {
    const isFirst = this.#seen.size < this.#seen.add(name === 'server_mode' ? 'redis_mode' : name).size;
    if (!isFirst || stages[stage] < this.#stage) {
      this.#trust = 'forged';
    }
    this.#stage = Math.max(this.#stage, stages[stage]);
  }

  #keep(stage: Stage, name: string, value: string): void {
    if (stage === 'replica') {
      this.#replicas.push(value);
    } else if (stage === 'keys') {
      this.#keys = (this.#keys ?? 0) + countKeys(value);
    } else if (!this.#fields.has(name)) {
      this.#fields.set(name, value);
    }
  }
}

/** Of all names that are used. */
const FIRST_LETTERS: ReadonlySet<string> = new Set(
  [KEYSPACE, 'slave0', 'db0', ...stageByName.keys()].map(([letter = '']) => letter),
);

function stageOf(name: string): Stage | undefined {
  const known = stageByName.get(name);
  if (known !== undefined) {
    return known;
  }
  if (/^slave\d+$/.test(name)) {
    return 'replica';
  }
  return /^db\d+$/.test(name) ? 'keys' : undefined;
}

function countKeys(value: string): number {
  return Number(/^keys=(\d{1,15})(?!\d)/.exec(value)?.[1] ?? 0);
}
