import { Command } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FirstWrite } from '../../../lib/connections/outcomes/first-write.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A connection that has just opened, and how long each acknowledged first write took. */
function open() {
  const acknowledged: number[] = [];
  const firstWrite = new FirstWrite((tookMs) => acknowledged.push(tookMs));
  firstWrite.opened();
  const send = (name: string, ...args: string[]) => {
    const command = new Command(name, args);
    command.promise.catch(() => undefined);
    firstWrite.onSend(command);
    return command;
  };
  const settle = async (settled: () => void) => {
    settled();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { firstWrite, acknowledged, send, settle };
}

test('the first write that is answered is told once, with the time from when it was sent', async () => {
  const { acknowledged, send, settle, firstWrite } = open();
  await vi.advanceTimersByTimeAsync(1000);
  const command = send('set', 'k', 'v');
  await vi.advanceTimersByTimeAsync(3);
  await settle(() => command.resolve('OK'));
  const next = send('set', 'k', 'v');
  await settle(() => next.resolve('OK'));
  expect(acknowledged).toEqual([3]);
  expect(firstWrite.isAwaited).toBe(false);
});

test('reads, commands about the connection and what may block are no writes', async () => {
  const { acknowledged, send, settle } = open();
  const others = [send('get', 'k'), send('select', '1'), send('blpop', 'k', '0'), send('multi')];
  await settle(() => others.forEach((command) => command.resolve('OK')));
  expect(acknowledged).toEqual([]);
  const exec = send('exec');
  await settle(() => exec.resolve([]));
  expect(acknowledged).toEqual([0]);
});

test('a write that fails is not acknowledged, and the next one is awaited', async () => {
  const { acknowledged, send, settle } = open();
  const failed = send('incr', 'k');
  await settle(() => failed.reject(new Error('WRONGTYPE')));
  const next = send('incr', 'n');
  await settle(() => next.resolve(1));
  expect(acknowledged).toEqual([0]);
});

test('a write of the time before is none of the connection that opened again', async () => {
  const { firstWrite, acknowledged, send, settle } = open();
  const before = send('incr', 'k');
  firstWrite.shut();
  firstWrite.opened();
  await settle(() => before.resolve(1));
  expect(acknowledged).toEqual([]);
  expect(firstWrite.isAwaited).toBe(true);
});
