import { performance } from 'node:perf_hooks';
import { EventQueue, type QueuedEvent } from './event-queue.js';

/** The owner of a timer. Timers of the app are counted, because none may be left at the end. */
type Owner = 'app' | 'world';

interface Timer extends QueuedEvent {
  readonly owner: Owner;
  readonly run: () => void;
  readonly everyMs?: number;
  state: 'armed' | 'over';
}

/**
 * Virtual time, which passes only in `run`: timers of the library and events of the simulated world, in one order.
 * `process.nextTick` and promises stay real; all that are due run between two events.
 */
export class VirtualClock {
  readonly #queue = new EventQueue<Timer>();
  readonly #real = new Map<object, ReadonlyMap<string, unknown>>();
  #now = 0;
  /** What somebody has added to the time of day. The time of the machine's monotonic clock goes on regardless. */
  #setBy = 0;
  #appTimers = 0;

  /** Milliseconds since the schedule began. */
  get now(): number {
    return this.#now;
  }

  /** How many timers the app has armed. */
  get appTimers(): number {
    return this.#appTimers;
  }

  /** Sets the time of day of the app's machine, forward or, if negative, back. */
  set(byMs: number): void {
    this.#setBy += byMs;
  }

  /** Schedules an event of the simulated world. The returned function cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const timer = this.#arm({ owner: 'world', delayMs, run });
    return () => this.#end(timer);
  }

  /** Resolves after some time. For the simulated app and its operators, not for the library. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Lets time pass until `limit`, or until `isDone` returns `true` after an event. */
  async run(limit: number, isDone: () => boolean = () => false): Promise<void> {
    await turn();
    for (let standing = { at: this.#now, events: 0 }; !isDone(); standing.events += 1) {
      if (standing.at !== this.#now) {
        standing = { at: this.#now, events: 0 };
      } else if (standing.events > MOST_EVENTS_AT_ONCE) {
        throw new Error(`time stands still at ${this.#now}`);
      }
      const timer = this.#queue.takeUntil(limit);
      if (timer === undefined) {
        this.#now = limit;
        return;
      }
      if (timer.state === 'armed') {
        this.#now = Math.max(this.#now, timer.at);
        this.#fire(timer);
        await turn();
      }
    }
  }

  /** Replaces real time by this clock and `Math.random` by `random`. The returned function restores both. */
  install(random: () => number): () => void {
    const arm = (run: (...args: unknown[]) => void, delayMs: unknown, args: unknown[]) =>
      this.#handle(this.#arm({ owner: 'app', delayMs: wholeMs(delayMs), run: () => run(...args) }));
    this.#replace(globalThis, {
      setTimeout: (run: () => void, delayMs: unknown, ...args: unknown[]) => arm(run, delayMs, args),
      setInterval: (run: () => void, delayMs: unknown) => {
        const everyMs = wholeMs(delayMs);
        return this.#handle(this.#arm({ owner: 'app', delayMs: everyMs, everyMs, run }));
      },
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
        this.#handle(this.#arm({ owner: 'app', delayMs: 0, run: () => run(...args) })),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    });
    this.#replace(Date, { now: () => EPOCH + this.#setBy + Math.floor(this.#now) });
    this.#replace(performance, { now: () => this.#now });
    this.#replace(Math, { random });
    return () => {
      for (const [target, values] of this.#real) {
        values.forEach((value, name) => Reflect.set(target, name, value));
      }
    };
  }

  #replace(target: object, values: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(values);
    this.#real.set(
      target,
      new Map(names.map((name): [string, unknown] => [name, Reflect.get(target, name)])),
    );
    names.forEach((name) => Reflect.set(target, name, values[name]));
  }

  #arm({ owner, delayMs, run, everyMs }: Arming): Timer {
    const timer: Timer = { at: exact(this.#now + delayMs), order: 0, owner, run, state: 'armed' };
    this.#queue.add(everyMs === undefined ? timer : Object.assign(timer, { everyMs }));
    this.#appTimers += owner === 'app' ? 1 : 0;
    return timer;
  }

  #fire(timer: Timer): void {
    if (timer.everyMs === undefined) {
      this.#end(timer);
    } else {
      timer.at = this.#now + timer.everyMs;
      this.#queue.add(timer);
    }
    timer.run();
  }

  #end(timer: Timer): void {
    if (timer.state === 'armed') {
      timer.state = 'over';
      this.#appTimers -= timer.owner === 'app' ? 1 : 0;
    }
  }

  #handle(timer: Timer): TimerHandle {
    return new TimerHandle(() => this.#end(timer));
  }
}

interface Arming {
  readonly owner: Owner;
  readonly delayMs: number;
  readonly run: () => void;
  readonly everyMs?: number;
}

/** The timer object that `setTimeout` and its relatives return. */
class TimerHandle {
  readonly end: () => void;

  constructor(end: () => void) {
    this.end = end;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function clear(handle: unknown): void {
  if (handle instanceof TimerHandle) {
    handle.end();
  }
}

const MOST_EVENTS_AT_ONCE = 100_000;

/** Arbitrary, but the same in each schedule, so that a seed repeats it exactly. */
const EPOCH = 1_800_000_000_000;

/** As Node does it. */
function wholeMs(delayMs: unknown): number {
  return Math.max(1, Math.trunc(Number(delayMs ?? 0)) || 0);
}

/** Rounds to 1/1024 ms, so that sums and differences of times have no rounding errors. */
function exact(ms: number): number {
  return Math.round(ms * 1024) / 1024;
}

const realImmediate = setImmediate;

/** Runs every promise callback and `process.nextTick` that is due. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    realImmediate(resolve);
  });
}
