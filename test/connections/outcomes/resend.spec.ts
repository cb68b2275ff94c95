import { exists } from '@ioredis/commands';
import { describe, expect, test } from 'vitest';
import {
  idempotentCommands,
  mayResend,
  type LostCommand,
  type Resend,
} from '../../../lib/connections/outcomes/resend.js';

const command = (words: string): LostCommand => {
  const [name = '', ...args] = words.split(' ');
  return { name, args };
};

const policies: readonly Resend[] = ['reads', 'idempotent', 'all', () => false];

test.each(['get key', 'GET key', 'mget a b', 'hgetall key', 'lrange key 0 -1', 'xread STREAMS s 0'])(
  '%s only reads, so it is sent again under every policy',
  (words) => {
    for (const resend of policies) expect(mayResend(resend, command(words))).toBe(true);
  },
);

test.each([
  'incr key',
  'lpush key 1',
  'xadd s * a 1',
  'eval script 0',
  'evalsha sha 0',
  'publish channel 1',
  'spop key',
])('%s has a different effect each time, so it is sent again only under "all"', (words) => {
  const answers = (['reads', 'idempotent', 'all'] as const).map((each) => mayResend(each, command(words)));
  expect(answers).toEqual([false, false, true]);
});

describe('under "idempotent"', () => {
  test.each([
    'set key value',
    'SET key value EX 10 KEEPTTL',
    'set key nx',
    'set get xx',
    'del key',
    'hset key field get',
    'sadd key nx',
    'expire key 10',
    'zadd key 1 member',
    'mset a nx b xx',
  ])('%s is sent again', (words) => {
    expect(mayResend('idempotent', command(words))).toBe(true);
    expect(mayResend('reads', command(words))).toBe(false);
  });

  test.each([
    'set key value NX',
    'set key value px 10 xx',
    'set key value GET',
    'expire key 10 GT',
    'pexpireat key 10 nx',
    'zadd key INCR 1 member',
    'zadd key nx 1 member',
    'geoadd key CH 1 1 place',
    'setnx key value',
    'hsetnx key field value',
    'getset key value',
    'append key value',
  ])('%s is not sent again, because its effect or its reply depends on the current data', (words) => {
    expect(mayResend('idempotent', command(words))).toBe(false);
  });

  test('every command of the list exists', () => {
    expect([...idempotentCommands].filter((name) => !exists(name))).toEqual([]);
  });
});

test('a function is called for commands that are not reads, with the name in lower case and the arguments', () => {
  const asked: LostCommand[] = [];
  const resend = (lost: LostCommand) => {
    asked.push(lost);
    return lost.name === 'incr';
  };
  expect(mayResend(resend, command('get key'))).toBe(true);
  expect(mayResend(resend, command('INCR key'))).toBe(true);
  expect(mayResend(resend, command('lpush key a'))).toBe(false);
  expect(asked).toEqual([
    { name: 'incr', args: ['key'] },
    { name: 'lpush', args: ['key', 'a'] },
  ]);
});

test('a command is not sent again if the function throws or returns anything but true', () => {
  const failing = () => {
    throw new Error('broken');
  };
  const vague: unknown = Reflect.apply(mayResend, undefined, [() => 'yes', command('incr key')]);
  expect(mayResend(failing, command('incr key'))).toBe(false);
  expect(vague).toBe(false);
});
