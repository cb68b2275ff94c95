import { describe, expect, test } from 'vitest';
import {
  isBlocking,
  isConnectionState,
  isHarmless,
  occupiesConnection,
  readerRefusal,
} from '../../../lib/connections/outcomes/command-traits.js';

test.each([
  ['get', true],
  ['GET', true],
  ['hgetall', true],
  ['scan', true],
  ['eval_ro', true],
  ['sort_ro', true],
  ['set', false],
  ['incr', false],
  ['getdel', false],
  ['getex', false],
  ['sort', false],
  ['eval', false],
  ['publish', false],
  ['no-such-command', false],
])('%s only reads: %s', (name, expected) => {
  expect(isHarmless({ name, args: [] })).toBe(expected);
});

test.each<[string, boolean]>([
  ['ping', true],
  ['INFO', true],
  ['time', true],
  ['echo', true],
  ['role', true],
  ['lastsave', true],
  ['command', true],
  ['command docs', true],
  ['PUBSUB NUMSUB', true],
  ['object encoding', true],
  ['memory usage', true],
  ['memory doctor', true],
  ['memory stats', true],
  ['xinfo stream', true],
  ['config get', true],
  ['slowlog get', true],
  ['latency history', true],
  ['script exists', true],
  ['function list', true],
  ['publish', false],
  ['spublish', false],
  ['wait', false],
  ['config set', false],
  ['slowlog reset', false],
  ['latency reset', false],
  ['script load', false],
  ['script kill', false],
  ['function load', false],
  ['xgroup create', false],
  ['object', false],
  ['object no-such-subcommand', false],
  ['exec', false],
  ['shutdown', false],
  ['replicaof', false],
])('%s has no effect that a second execution would repeat: %s', (text, expected) => {
  const [name = '', ...args] = text.split(' ');
  expect(isHarmless({ name, args })).toBe(expected);
  expect(isHarmless({ name, args: args.map((each) => Buffer.from(each)) })).toBe(expected);
});

test.each([
  ['subscribe', true],
  ['PSUBSCRIBE', true],
  ['select', true],
  ['client', true],
  ['auth', true],
  ['get', false],
  ['multi', false],
  ['watch', false],
])('%s changes the connection itself: %s', (name, expected) => {
  expect(isConnectionState(name)).toBe(expected);
});

test.each([
  ['blpop', true],
  ['BRPOPLPUSH', true],
  ['xread', true],
  ['bzpopmin', true],
  ['lpop', false],
  ['get', false],
  ['no-such-command', false],
])('%s may wait for data: %s', (name, expected) => {
  expect(isBlocking(name)).toBe(expected);
});

describe('a reader', () => {
  test.each([
    'get',
    'MGET',
    'scan',
    'eval_ro',
    'EVALSHA_RO',
    'fcall_ro',
    'xread',
    'subscribe',
    'select',
    'ping',
    'info',
    'object encoding',
    'config get',
    'monitor',
    'time',
  ])('may send %s', (text) => {
    const [name = '', ...args] = text.split(' ');
    expect(readerRefusal({ name, args })).toBeUndefined();
  });

  test.each([
    ['set', 'it is not a read; use the writer'],
    ['DEL', 'it is not a read; use the writer'],
    ['publish', 'it is not a read; use the writer'],
    ['flushall', 'it is not a read; use the writer'],
    ['wait', 'it is not a read; use the writer'],
    ['latency', 'it is not a read; use the writer'],
    ['config', 'it is not a read; use the writer'],
    ['xreadgroup', 'it is not a read; use the writer'],
    ['multi', 'a transaction is for the writer; use a pipeline to read several keys at once'],
    ['WATCH', 'a transaction is for the writer; use a pipeline to read several keys at once'],
    ['json.set', 'it is not known to be a read; use the writer'],
    ['eval', 'a script may write, and the reader may fall back to the master; use EVAL_RO, or the writer'],
    [
      'EVALSHA',
      'a script may write, and the reader may fall back to the master; use EVALSHA_RO, or the writer',
    ],
    ['fcall', 'a script may write, and the reader may fall back to the master; use FCALL_RO, or the writer'],
  ])('may not send %s: %s', (name, reason) => {
    expect(readerRefusal({ name, args: ['reset'] })).toBe(reason);
  });
});

test('names are still classified when the cache is full', () => {
  for (let index = 0; index < 1500; index++) readerRefusal({ name: `command-${index}`, args: [] });
  expect(isHarmless({ name: 'zrange', args: [] })).toBe(true);
  expect(isHarmless({ name: 'zadd', args: [] })).toBe(false);
});

test.each([
  ['blpop', ['list', '0'], true],
  ['BLMOVE', ['a', 'b', 'LEFT', 'LEFT', '0'], true],
  ['xread', ['BLOCK', '0', 'STREAMS', 's', '$'], true],
  ['xreadgroup', ['GROUP', 'g', 'c', 'block', '5', 'STREAMS', 's', '>'], true],
  ['xread', ['STREAMS', 's', '0'], false],
  ['wait', ['1', '100'], false],
  ['set', ['key', 'block'], false],
])('%s %j occupies its connection: %s', (name, args, occupies) => {
  expect(occupiesConnection({ name, args })).toBe(occupies);
});
