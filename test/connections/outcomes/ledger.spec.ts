import { Command } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ConnectionEvent } from '../../../lib/connections/outcomes/connection-event.js';
import { HoldQueue } from '../../../lib/connections/outcomes/hold-queue.js';
import { Ledger, type Account } from '../../../lib/connections/outcomes/ledger.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

function queueOf(account: Account): HoldQueue {
  return new HoldQueue({ maxCommands: 10, maxBytes: 1000, account, reject: () => undefined });
}

const set = (bytes: number) => new Command('set', ['k', 'v'.repeat(bytes - 1)]);

test('what is held now is counted over all queues of a connection, with the age of the oldest', () => {
  const ledger = new Ledger();
  const writer = ledger.account({ connection: 'writer' });
  const [one, two] = [queueOf(writer.ofDuplicates()), queueOf(writer.ofDuplicates())];
  one.add({ command: set(10), deadline: 500 }, 'waiting');
  vi.advanceTimersByTime(100);
  two.add({ command: set(20), deadline: 500 }, 'waiting');
  two.add({ command: set(5), deadline: 500 }, 'refused');
  vi.advanceTimersByTime(50);
  const heldOf = () => ledger.counts().map(({ connection, held }) => ({ connection, ...held }));
  expect(heldOf()).toEqual([
    { connection: 'writer', commands: 0, bytes: 0 },
    { connection: 'duplicate', commands: 3, bytes: 35, oldestMs: 150 },
  ]);
  one.takeAll();
  expect(heldOf()[1]).toEqual({ connection: 'duplicate', commands: 2, bytes: 25, oldestMs: 50 });
  vi.advanceTimersByTime(1000);
  expect(heldOf()[1]).toEqual({ connection: 'duplicate', commands: 0, bytes: 0 });
  expect(ledger.counts()[1]?.totals.held).toBe(3);
});

test('a queue that refuses a command for want of room has not held it', () => {
  const ledger = new Ledger();
  const queue = new HoldQueue({
    maxCommands: 1,
    maxBytes: 1000,
    account: ledger.account({ connection: 'writer' }),
    reject: () => undefined,
  });
  queue.add({ command: set(2), deadline: 500 }, 'waiting');
  queue.add({ command: set(2), deadline: 500 }, 'waiting');
  expect(ledger.counts()[0]).toMatchObject({ held: { commands: 1 }, totals: { held: 1 } });
});

test('a queue that is empty again is forgotten, so that duplicates that come and go leave nothing behind', () => {
  const account = new Ledger().account({ connection: 'duplicate' });
  const emptied = vi.spyOn(account, 'emptied');
  const queue = queueOf(account);
  queue.add({ command: set(2), deadline: 50 }, 'waiting');
  queue.takeAll();
  expect(emptied).toHaveBeenCalledExactlyOnceWith(queue);
  queue.add({ command: set(2), deadline: 50 }, 'waiting');
  vi.advanceTimersByTime(100);
  expect(emptied).toHaveBeenCalledTimes(2);
});

test('each event is counted under its reason and told with its connection and time', () => {
  const ledger = new Ledger();
  const events: ConnectionEvent[] = [];
  ledger.events$.subscribe((event) => events.push(event));
  const shard = ledger.account({ connection: 'writer' }).ofShard('s1');
  vi.advanceTimersByTime(7);
  shard.note({ kind: 'not applied', reason: 'timed out', heldMs: 5 });
  shard.note({ kind: 'not applied', reason: 'timed out', heldMs: 6 });
  shard.note({ kind: 'not applied', reason: 'closed' });
  shard.note({ kind: 'unknown', reason: 'reply lost' });
  shard.note({ kind: 'refused', reason: 'not a read' });
  shard.note({ kind: 'sent', heldMs: 3 });
  shard.note({ kind: 'sent again', reason: 'refused', heldMs: 3 });
  shard.note({ kind: 'open', node: '10.0.0.1:6379' });
  shard.opened();
  shard.opened();
  shard.closed();
  shard.failed('10.0.0.1:6379', 'REFUSED');
  shard.failed('10.0.0.2:6379', 'REFUSED');
  expect(ledger.counts()).toEqual([
    expect.objectContaining({
      connection: 'writer',
      totals: expect.objectContaining({ held: 0 }) as unknown,
    }),
    {
      connection: 'writer',
      shard: 's1',
      open: 1,
      failures: { REFUSED: 2 },
      held: { commands: 0, bytes: 0 },
      totals: {
        held: 0,
        sent: 1,
        sentAgain: { refused: 1 },
        notApplied: { 'timed out': 2, closed: 1 },
        unknown: { 'reply lost': 1 },
        refused: { 'not a read': 1 },
      },
    },
  ]);
  expect(events[0]).toEqual({
    connection: 'writer',
    shard: 's1',
    at: 7,
    kind: 'not applied',
    reason: 'timed out',
    heldMs: 5,
  });
  expect(events.at(-1)).toMatchObject({ kind: 'failed', node: '10.0.0.2:6379', fault: 'REFUSED' });
  expect(events).toHaveLength(10);
});
