import { AsyncLocalStorage } from 'node:async_hooks';
import { Command } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HoldQueue } from '../../../lib/connections/outcomes/hold-queue.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A queue and its rejections, as `name end @ time`. */
function start(maxCommands = 10, maxBytes = 1000) {
  const rejected: string[] = [];
  const queue = new HoldQueue({
    maxCommands,
    maxBytes,
    reject: ({ command }, end) => rejected.push(`${command.name} ${end} @ ${performance.now()}`),
  });
  return {
    queue,
    rejected,
    add: (name: string, deadline?: number, place: 'refused' | 'waiting' = 'waiting') =>
      queue.add({ command: new Command(name, []), deadline }, place),
    addWith: (name: string, args: readonly (string | Buffer)[], deadline?: number) =>
      queue.add({ command: new Command(name, [...args]), deadline }, 'waiting'),
    names: () => queue.takeAll().map(({ command }) => command.name),
  };
}

describe('the bytes of arguments are bounded', () => {
  test('over all commands, strings and buffers alike', () => {
    const { addWith, names, rejected } = start(10, 10);
    addWith('w1', ['key', 'ab'], 100);
    addWith('w2', [Buffer.alloc(6)], 100);
    addWith('w3', [Buffer.alloc(5)], 100);
    addWith('w4', [], 100);
    expect(rejected).toEqual(['w2 too many bytes @ 0']);
    expect(names()).toEqual(['w1', 'w3', 'w4']);
  });

  test('for a single command, too', () => {
    const { addWith, rejected } = start(10, 10);
    addWith('w1', ['key', 'abcdefgh'], 100);
    expect(rejected).toEqual(['w1 too many bytes @ 0']);
  });

  test('and there is room again once commands were taken or timed out', () => {
    const { addWith, names, rejected } = start(10, 10);
    addWith('w1', ['0123456789'], 50);
    vi.advanceTimersByTime(60);
    addWith('w2', ['0123456789'], 100);
    expect(names()).toEqual(['w2']);
    addWith('w3', ['0123456789'], 100);
    expect(names()).toEqual(['w3']);
    expect(rejected).toEqual(['w1 timed out @ 50']);
  });

  test('but a command that restores the connection is always held', () => {
    const { addWith, names } = start(10, 10);
    addWith('subscribe', ['a-long-channel']);
    expect(names()).toEqual(['subscribe']);
  });
});

describe('commands are taken', () => {
  test('in order of arrival, those that a node refused before those that were never sent', () => {
    const { add, names, queue } = start();
    add('w1', 100);
    add('r1', 100, 'refused');
    add('w2', 100);
    add('r2', 100, 'refused');
    expect(queue.size).toBe(4);
    expect(names()).toEqual(['r1', 'r2', 'w1', 'w2']);
    expect(queue.size).toBe(0);
  });

  test('only once, and are never rejected afterwards', () => {
    const { add, names, rejected } = start();
    add('w1', 100);
    expect(names()).toEqual(['w1']);
    expect(names()).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(rejected).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('with all their details', () => {
    const { queue } = start();
    const held = { command: new Command('get', ['key']), db: 3, deadline: 50, stream: undefined };
    queue.add(held, 'waiting');
    expect(queue.takeAll()).toMatchObject([held]);
  });

  test('with the async context of its caller, unless it was refused later', () => {
    const { queue } = start();
    const caller = new AsyncLocalStorage<string>();
    const held = { command: new Command('get', ['key']) };
    caller.run('issued', () => queue.add(held, 'waiting'));
    caller.run('refused', () => queue.add(held, 'refused'));
    const seen: unknown[] = [];
    caller.run('sent', () => {
      for (const { inContext } of queue.takeAll()) inContext(() => seen.push(caller.getStore()));
    });
    expect(seen).toEqual(['sent', 'issued']);
  });
});

describe('a command is rejected', () => {
  test('at its deadline, not before', () => {
    const { add, rejected, queue } = start();
    add('w1', 100);
    vi.advanceTimersByTime(99);
    expect(rejected).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rejected).toEqual(['w1 timed out @ 100']);
    expect(queue.size).toBe(0);
  });

  test('at its own deadline, although one timer serves all', () => {
    const { add, rejected } = start();
    add('w1', 100);
    add('w2', 130);
    add('w3', 400);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(rejected).toEqual(['w1 timed out @ 100', 'w2 timed out @ 130', 'w3 timed out @ 400']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('in time although one with a later deadline was added first, because refused commands have waited before', () => {
    const { add, rejected } = start();
    add('w1', 5000);
    add('r1', 200, 'refused');
    add('r2', 100, 'refused');
    vi.advanceTimersByTime(200);
    expect(rejected).toEqual(['r2 timed out @ 100', 'r1 timed out @ 200']);
    vi.advanceTimersByTime(4800);
    expect(rejected.at(-1)).toBe('w1 timed out @ 5000');
  });

  test('soon if its deadline has passed before it was added', () => {
    const { add, rejected } = start();
    vi.advanceTimersByTime(1000);
    add('r1', 400, 'refused');
    expect(rejected).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(rejected).toEqual(['r1 timed out @ 1005']);
  });

  test('at once if the queue is full, and the others stay', () => {
    const { add, rejected, names } = start(2);
    add('w1', 100);
    add('r1', 100, 'refused');
    add('w2', 100);
    add('r2', 100, 'refused');
    expect(rejected).toEqual(['w2 full @ 0', 'r2 full @ 0']);
    expect(names()).toEqual(['r1', 'w1']);
  });

  test('at once if the limit is 0', () => {
    const { add, rejected, queue } = start(0);
    add('w1', 100);
    expect(rejected).toEqual(['w1 full @ 0']);
    expect(queue.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('with all others, in order, by rejectAll', () => {
    const { add, queue, rejected } = start();
    add('w1', 100);
    add('subscribe');
    add('r1', 100, 'refused');
    queue.rejectAll('closed');
    expect(rejected).toEqual(['r1 closed @ 0', 'w1 closed @ 0', 'subscribe closed @ 0']);
    expect(queue.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('only after the queue has removed it, so that it can be added again at once', () => {
    const sizes: number[] = [];
    const queue: HoldQueue = new HoldQueue({
      maxCommands: 1,
      maxBytes: 100,
      reject: () => sizes.push(queue.size),
    });
    queue.add({ command: new Command('w1', []), deadline: 100 }, 'waiting');
    vi.advanceTimersByTime(100);
    expect(sizes).toEqual([0]);
  });
});

describe('a command without a deadline', () => {
  test('waits forever and needs no timer', () => {
    const { add, rejected, names } = start();
    add('subscribe');
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000_000);
    expect(rejected).toEqual([]);
    expect(names()).toEqual(['subscribe']);
  });

  test('is added even to a full queue, and does not prevent others from timing out', () => {
    const { add, rejected, names } = start(1);
    add('w1', 100);
    add('subscribe');
    vi.advanceTimersByTime(100);
    expect(rejected).toEqual(['w1 timed out @ 100']);
    expect(names()).toEqual(['subscribe']);
  });
});
