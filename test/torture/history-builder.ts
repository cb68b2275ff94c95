import type { Contents, End, Fork, History, Operation, Succession, View } from './history.js';

/** A history in which nothing happened yet, to add to. */
export const nothing: History = {
  operations: [],
  successions: [],
  views: [],
  deliveries: [],
  faults: [],
  incidents: [],
};

const noCounters = { 'torture:counter:0': 0, 'torture:counter:1': 0, 'torture:watched': 0 } as const;

export function contents(parts: Partial<Contents> = {}): Contents {
  return { log: [], left: [], right: [], queue: [], pairs: 0, counters: noCounters, ...parts };
}

export function count(value: number): Contents['counters'] {
  return { ...noCounters, 'torture:counter:0': value };
}

/** An operation of app `a`, issued at 0 and answered at 1 unless said otherwise. */
export function operation(id: string, parts: Partial<Operation> = {}): Operation {
  return { id, app: 'a', kind: 'push', way: 'plain', issuedAt: 0, endedAt: 1, end: done(1), ...parts };
}

export function increment(id: string, end: End): Operation {
  return operation(id, { kind: 'increment', counter: 'torture:counter:0', end });
}

export function done(value: Extract<End, { kind: 'done' }>['value']): End {
  return { kind: 'done', value };
}

export function fork(parts: Partial<Fork> = {}): Fork {
  return { log: 0, left: 0, right: 0, queue: [], pairs: 0, counters: noCounters, ...parts };
}

/** From n1 to n2 at 10, in a way that may lose writes, and by offsets did. */
export function succession(parts: Partial<Succession> = {}): Succession {
  return {
    fault: 'master hung',
    from: 'n1',
    to: 'n2',
    promotedAt: 10,
    mayLose: true,
    fork: fork(),
    tail: contents(),
    lostBytes: 100,
    lateWrites: 0,
    ...parts,
  };
}

export function view(at: number, generation: number, master: string): View {
  return { app: 'a', at, generation, master };
}

export const notApplied: End = { kind: 'not applied' };

export const unknown: End = { kind: 'unknown' };

export const timedOut = (held: boolean): End => ({ kind: 'timed out', held });

/** Behind the fork, the old master has this in the log. */
export const tailOf = (id: string) => contents({ log: [id] });

export const pair = (id: string, end: End = done(3)) => operation(id, { kind: 'pair', way: 'MULTI', end });

export const offer = (id: string, end: End = done(1)) => operation(id, { kind: 'offer', end });

export const take = (id: string, end: End) => operation(id, { kind: 'take', way: 'BLPOP', end });

/** What a blocking read answers that was given this item. */
export const given = (item: string) => done(['torture:queue', item]);

/** A history, and what the surviving master holds after it. */
export interface Case {
  readonly what: string;
  readonly history: Partial<History>;
  readonly last?: Partial<Contents>;
}

export interface BrokenCase extends Case {
  readonly violation: RegExp;
}
