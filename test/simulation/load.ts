import type { ChainableCommander, Redis } from 'ioredis';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { History, Outcome, Via } from './history.js';
import type { VirtualClock } from './clock.js';
import { outcomeOf, outcomesOf } from './outcome.js';

export interface LoadOptions {
  readonly clock: VirtualClock;
  readonly history: History;
  readonly random: SeededRandom;
  readonly writer: Redis;
  readonly reader: Redis;
  readonly workers: number;
  readonly restMs: number;
  readonly autoPipelining: boolean;
}

type Job = () => Promise<void>;

interface Single {
  readonly name: string;
  readonly effect: 'read' | 'write';
  readonly via: Via;
  readonly run: (op: string) => Promise<unknown>;
}

/** The callers of the app. They issue all kinds of commands, each with a name of its own, and record the outcomes. */
export class Load {
  readonly #options: LoadOptions;
  #ops = 0;
  #isStopped = false;
  #received = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Number of messages that the subscriber has received. */
  get received(): number {
    return this.#received;
  }

  start(): void {
    const { workers, random, autoPipelining } = this.#options;
    if (workers > 0) {
      void this.#subscribe(this.#options.writer.duplicate());
    }
    for (let worker = 0; worker < workers; worker += 1) {
      const kinds: readonly [() => Job, ...(() => Job)[]] = [
        () => () => this.#manyAtOnce(),
        () => () => this.#manyAtOnce(),
        () => () => this.#pipeline(),
        () => () => this.#transaction(this.#options.writer, 'writer'),
        () => () => this.#read(),
        () => this.#underWatch(),
        () => this.#pop(),
        // With automatic pipelines ioredis never settles an EXEC that is issued on its own.
        ...(autoPipelining ? [] : [() => this.#oneByOne()]),
      ];
      const job = random.oneOf(kinds)();
      void this.#work(job);
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Issues one command through the writer. Resolves with its outcome. */
  write(): Promise<Outcome> {
    const { writer } = this.#options;
    return this.single(single('set', (op) => writer.set(`k:${op}`, op)));
  }

  publish(): Promise<Outcome> {
    const { writer } = this.#options;
    return this.single(single('publish', (op) => writer.publish('news', op)));
  }

  read(): Promise<Outcome> {
    const { reader } = this.#options;
    return this.single({ name: 'get', effect: 'read', via: 'reader', run: (op) => reader.get(`k:${op}`) });
  }

  async single({ name, effect, via, run }: Single): Promise<Outcome> {
    const op = this.#issue({ name, effect, via });
    const settled = await outcomeOf(run(op));
    this.#record(op, settled);
    return settled;
  }

  async #subscribe(listener: Redis): Promise<void> {
    const { clock, history } = this.#options;
    listener.on('message', (_channel: string, op: string) => {
      this.#received += 1;
      history.add({ kind: 'message', op });
    });
    for (let outcome = ''; outcome !== 'done' && !this.#isStopped; await clock.pause(100)) {
      ({ outcome } = await outcomeOf(listener.subscribe('news')));
    }
  }

  async #work(job: Job): Promise<void> {
    const { clock, random, restMs } = this.#options;
    while (!this.#isStopped) {
      await clock.pause(random.below(2 * restMs * 100) / 100);
      if (!this.#isStopped) {
        await job();
      }
    }
  }

  async #manyAtOnce(): Promise<void> {
    const { random, writer } = this.#options;
    const kinds: readonly [Single, ...Single[]] = [
      single('rpush', (op) => writer.rpush('list', op)),
      single('rpush', (op) => writer.rpush('list', op)),
      single('lpush', (op) => writer.lpush('list', op)),
      single('incr', (op) => writer.incr(`n:${op}`)),
      single('set', (op) => writer.set('k', op)),
      single('xadd', (op) => writer.xadd('stream', '*', 'field', op)),
      single('eval', (op) => writer.eval("return redis.call('rpush', KEYS[1], ARGV[1])", 1, 'list', op)),
      single('publish', (op) => writer.publish('news', op)),
      { ...single('get', (op) => writer.get(`k:${op}`)), effect: 'read' },
    ];
    const count = random.oneOf([1, 1, 1, 3, 8]);
    await Promise.all(Array.from({ length: count }, () => this.single(random.oneOf(kinds))));
  }

  async #read(): Promise<void> {
    const { random, reader } = this.#options;
    const kinds: readonly [Single, ...Single[]] = [
      { name: 'get', effect: 'read', via: 'reader', run: (op) => reader.get(`k:${op}`) },
      { name: 'llen', effect: 'read', via: 'reader', run: (op) => reader.llen(`list:${op}`) },
    ];
    await Promise.all(
      Array.from({ length: random.oneOf([1, 1, 4]) }, () => this.single(random.oneOf(kinds))),
    );
  }

  async #pipeline(): Promise<void> {
    const { ops, chain } = this.#chain(this.#options.writer.pipeline(), { via: 'writer' });
    await this.#recordAll(ops, chain.exec());
  }

  async #transaction(redis: Redis, via: Via, watches = false): Promise<void> {
    const transaction = `transaction ${this.#ops}`;
    const { ops, chain } = this.#chain(redis.multi(), { via, transaction, watches });
    await this.#recordAll(ops, chain.exec());
  }

  /** Awaits the QUEUED reply of each command, which needs a connection that no other caller uses. */
  #oneByOne(): Job {
    const redis = this.#options.writer.duplicate();
    return async () => {
      const issued = { via: 'duplicate', effect: 'write', transaction: `transaction ${this.#ops}` } as const;
      const ops = [this.#issue({ ...issued, name: 'rpush' }), this.#issue({ ...issued, name: 'incr' })];
      const [first = '', second = ''] = ops;
      await this.#recordAll(ops, carryOut());

      async function carryOut() {
        try {
          await redis.multi({ pipeline: false });
          await redis.rpush('list', first);
          await redis.incr(`n:${second}`);
        } catch (error) {
          redis.discard().catch(() => undefined);
          throw error;
        }
        return redis.exec();
      }
    };
  }

  #underWatch(): Job {
    const redis = this.#options.writer.duplicate();
    const { clock, random } = this.#options;
    return async () => {
      try {
        await redis.watch('watched');
        await clock.pause(random.oneOf([0, 20, 300]));
        await redis.get('watched');
      } catch {
        redis.unwatch().catch(() => undefined);
        return;
      }
      await this.#transaction(redis, 'duplicate', true);
    };
  }

  #pop(): Job {
    const redis = this.#options.writer.duplicate();
    const { clock, random, writer } = this.#options;
    return async () => {
      const pop: Single = {
        name: 'blpop',
        effect: 'write',
        via: 'duplicate',
        run: (op) => redis.blpop(`q:${op}`, 1),
      };
      const queue = `q:op${this.#ops + 1}`;
      const push = single('rpush', (op) => writer.rpush(queue, op));
      const popped = this.single(pop);
      await clock.pause(random.below(300));
      await Promise.all([popped, ...(random.chance(0.7) ? [this.single(push)] : [])]);
    };
  }

  #chain(chain: ChainableCommander, issued: { via: Via; transaction?: string; watches?: boolean }) {
    const { random } = this.#options;
    const ops = Array.from({ length: 1 + random.below(4) }, () => {
      const name = random.oneOf(['rpush', 'incr'] as const);
      const op = this.#issue({ ...issued, name, effect: 'write' });
      return name === 'rpush' ? (chain.rpush('list', op), op) : (chain.incr(`n:${op}`), op);
    });
    return { ops, chain };
  }

  #issue(issued: Issued): string {
    this.#ops += 1;
    const op = `op${this.#ops}`;
    this.#options.history.add({ kind: 'issued', op, ...issued });
    return op;
  }

  #record(op: string, settled: Outcome): void {
    this.#options.history.add({ kind: 'settled', op, ...settled });
  }

  async #recordAll(ops: readonly string[], replies: Parameters<typeof outcomesOf>[0]): Promise<void> {
    const outcomes = await outcomesOf(replies, ops.length);
    outcomes.forEach((settled, index) => this.#record(ops[index] ?? '', settled));
  }
}

interface Issued {
  readonly via: Via;
  readonly name: string;
  readonly effect: 'read' | 'write';
  readonly transaction?: string;
  readonly watches?: boolean;
}

function single(name: string, run: Single['run']): Single {
  return { name, effect: 'write', via: 'writer', run };
}
