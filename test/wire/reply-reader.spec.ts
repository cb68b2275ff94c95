import { describe, expect, test } from 'vitest';
import type { Value } from '../../lib/wire/header.js';
import { ReplyReader } from '../../lib/wire/reply-reader.js';
import { target } from '../fuzz/reply-reader.fuzz.js';
import { matching } from '../support/matchers.js';
import { seededRandom } from '../topology/seeded-random.js';
import { byteByByte, readAll } from './read-all.js';

const reply = (value: Value) => ({ kind: 'reply', value });
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

describe('a reply', () => {
  test.each<[string, string, Value]>([
    ['a simple string', '+OK\r\n', 'OK'],
    ['an integer', ':-42\r\n', -42],
    ['an integer that a number cannot hold', ':9223372036854775807\r\n', '9223372036854775807'],
    ['a text', '$5\r\nhello\r\n', 'hello'],
    ['a text with line ends', '$4\r\n\r\n\r\n\r\n', '\r\n\r\n'],
    ['a text in UTF-8', utf8('$6\r\nmän🔑').replace('$6', '$8') + '\r\n', 'män🔑'],
    ['an empty text', '$0\r\n\r\n', ''],
    ['nil of RESP2', '$-1\r\n', null],
    ['a nil list of RESP2', '*-1\r\n', null],
    ['nil of RESP3', '_\r\n', null],
    ['a boolean', '#t\r\n', true],
    ['a double', ',1.5\r\n', '1.5'],
    [
      'a big number',
      '(3492890328409238509324850943850943825024385\r\n',
      '3492890328409238509324850943850943825024385',
    ],
    ['a verbatim text', '=8\r\ntxt:role\r\n', 'role'],
    ['a list', '*2\r\n+a\r\n*1\r\n:1\r\n', ['a', [1]]],
    ['an empty list', '*0\r\n', []],
    ['a set', '~2\r\n+a\r\n+b\r\n', ['a', 'b']],
    [
      'a map, as the list of RESP2',
      '%2\r\n+role\r\n+master\r\n+proto\r\n:3\r\n',
      ['role', 'master', 'proto', 3],
    ],
    ['a value with an attribute, which is left out', '|1\r\n+ttl\r\n:3\r\n+OK\r\n', 'OK'],
    ['a list with an attribute inside', '*2\r\n|1\r\n+a\r\n*1\r\n+b\r\n+x\r\n+y\r\n', ['x', 'y']],
    ['a list with an error inside', '*2\r\n-ERR a\r\n!5\r\nERR b\r\n', ['ERR a', 'ERR b']],
  ])('is %s', (_, bytes, value) => {
    expect(readAll(bytes)).toEqual({ frames: [reply(value)] });
    expect(readAll(...byteByByte(bytes))).toEqual({ frames: [reply(value)] });
  });

  test('ends where it ends, and the next one begins there', () => {
    expect(readAll('+a\r\n$1\r\nb', '\r\n:', '3\r', '\n')).toEqual({
      frames: [reply('a'), reply('b'), reply(3)],
    });
  });
});

describe('an error', () => {
  test('is its text', () => {
    expect(readAll('-NOAUTH x\r\n')).toEqual({ frames: [{ kind: 'error', text: 'NOAUTH x' }] });
    expect(readAll('!9\r\nERR a\nb c\r\n')).toEqual({ frames: [{ kind: 'error', text: 'ERR a\nb c' }] });
  });

  test.each([
    ['a line', `-ERR ${'x'.repeat(5_000_000)}\r\n`],
    ['a text', `!5000004\r\nERR ${'x'.repeat(5_000_000)}\r\n`],
  ])('of five megabytes is cut, as %s, and what follows it is read', (_, bytes) => {
    const { frames, fault } = readAll(`${bytes}+OK\r\n`);
    expect(fault).toBeUndefined();
    expect(frames[0]).toMatchObject({ kind: 'error', text: matching(/^ERR x{1000,1020}$/) });
    expect(frames[1]).toEqual(reply('OK'));
  });
});

describe('a push', () => {
  test('is no reply', () => {
    expect(readAll('>2\r\n+message\r\n+a\r\n:1\r\n')).toEqual({
      frames: [{ kind: 'push', items: ['message', 'a'] }, reply(1)],
    });
  });

  test('may be empty', () => {
    expect(readAll('>0\r\n:1\r\n')).toEqual({ frames: [{ kind: 'push', items: [] }, reply(1)] });
  });

  test.each([
    ['a text', `>3\r\n+message\r\n+c\r\n$5000\r\n${' '.repeat(5000)}\r\n`],
    ['many elements', `>20\r\n${'+a\r\n'.repeat(20)}`],
    ['many elements in a list', `>2\r\n+invalidate\r\n*20\r\n${'$1\r\na\r\n'.repeat(20)}`],
    ['a text after a list', `>2\r\n*1\r\n+a\r\n$5000\r\n${'x'.repeat(5000)}\r\n`],
  ])('that is too long by %s is skipped, and what follows it is read', (_, bytes) => {
    expect(readAll(`${bytes}:1\r\n`)).toEqual({ frames: [reply(1)] });
    expect(readAll(...byteByByte(bytes), ':1\r\n')).toEqual({ frames: [reply(1)] });
  });

  test('of 512 MB is skipped as it arrives, without being kept', () => {
    const reader = new ReplyReader();
    const chunk = Buffer.alloc(65_536, ' ');
    const length = 512 * 2 ** 20;
    const feed = (bytes: Buffer) => [...reader.read(bytes)];
    feed(Buffer.from(`>3\r\n+message\r\n+c\r\n$${length}\r\n`));
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < length; sent += chunk.length) feed(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(feed(Buffer.from('\r\n:1\r\n'))).toEqual([reply(1)]);
  });
});

describe('the limits', () => {
  test.each([
    ['a text', '$1048577\r\n'],
    ['a verbatim text', '=1048577\r\n'],
    ['texts together', `*2\r\n$1000000\r\n${'x'.repeat(1_000_000)}\r\n$50000\r\n`],
    ['a list', '*16385\r\n'],
    ['a map', '%8193\r\n'],
    ['lists together', `*2\r\n*10000\r\n${'_\r\n'.repeat(10_000)}*7000\r\n`],
    ['the largest length', '$999999999999999\r\n'],
    ['nesting', '*1\r\n'.repeat(9)],
    ['nested attributes', '|1\r\n'.repeat(9)],
    ['220 bytes of nested lists', '*1\r\n'.repeat(55)],
    ['a line', `+${'x'.repeat(1024)}`],
    ['the line of a header', `*${'1'.repeat(2000)}`],
  ])('end what exceeds them as soon as its header is there: %s', (_, bytes) => {
    expect(readAll(bytes)).toMatchObject({ fault: 'RESP_TOO_LARGE' });
  });

  test.each([
    ['a text', `$1048576\r\n${'x'.repeat(1_048_576)}\r\n`],
    ['a list', `*16384\r\n${'_\r\n'.repeat(16_384)}`],
    ['nesting', `${'*1\r\n'.repeat(8)}_\r\n`],
    ['a line', `+${'x'.repeat(1022)}\r\n`],
  ])('let pass what meets them: %s', (_, bytes) => {
    expect(readAll(bytes)).toMatchObject({ frames: [{ kind: 'reply' }] });
  });

  test('count each reply by itself', () => {
    const text = `$1048576\r\n${'x'.repeat(1_048_576)}\r\n`;
    expect(readAll(text, text, text).frames).toHaveLength(3);
  });

  test('do not make room for what has only been announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => new ReplyReader());
    readers.forEach((reader) => [...reader.read(Buffer.from('*16384\r\n'))]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});

describe('what is no RESP', () => {
  test.each([
    ['HTTP', 'HTTP/1.1 502 Bad Gateway\r\n', 'RESP_FOREIGN'],
    ['one byte of it', 'H', 'RESP_FOREIGN'],
    ['an empty line', '\r\n', 'RESP_FOREIGN'],
    ['an alert of TLS', '\u0015\u0003\u0003\0\u0002\u0002\u0028', 'RESP_TLS'],
    ['a line feed alone', '+a\nb\r\n', 'RESP_MALFORMED'],
    ['a length below zero', '$-2\r\n', 'RESP_MALFORMED'],
    ['a nil push', '>-1\r\n', 'RESP_MALFORMED'],
    ['no length', '$\r\n', 'RESP_MALFORMED'],
    ['a length with a fraction', '$1.5\r\n', 'RESP_MALFORMED'],
    ['a length that a number cannot hold', '$9999999999999999\r\n', 'RESP_MALFORMED'],
    ['an integer that is none', ':1e5\r\n', 'RESP_MALFORMED'],
    ['a boolean that is none', '#x\r\n', 'RESP_MALFORMED'],
    ['nil with a text', '_x\r\n', 'RESP_MALFORMED'],
    ['a verbatim text without a format', '=3\r\nabc\r\n', 'RESP_MALFORMED'],
    ['a text that is longer than it says', '$1\r\nab\r\n', 'RESP_MALFORMED'],
    ['a text with half a line end', '$1\r\na\r\r', 'RESP_MALFORMED'],
    ['a push inside of a reply', '*1\r\n>1\r\n', 'RESP_MALFORMED'],
  ])('is a fault: %s', (_, bytes, fault) => {
    expect(readAll('+first\r\n', bytes)).toEqual({ frames: [reply('first')], fault });
    expect(readAll('+first\r\n', ...byteByByte(bytes))).toEqual({ frames: [reply('first')], fault });
  });
});

test('bytes of any kind are frames within the limits or one fault, however they are split', () => {
  for (let seed = 1; seed <= 2000; seed += 1) target.run(seededRandom(seed));
});

test.each([
  ['short lines', () => '+a\r\n'],
  ['one long text', () => `>1\r\n$20000000\r\n${' '.repeat(20_000_000)}\r\n`],
  ['one long error', () => `-${' '.repeat(20_000_000)}\r\n`],
])('the time grows with the bytes, not with their square: %s', (_, make) => {
  const piece = make();
  const bytes = Buffer.from(piece.repeat(Math.ceil(20_000_000 / piece.length)));
  const reader = new ReplyReader();
  const since = performance.now();
  let frames = 0;
  // As from a slow network.
  for (let at = 0; at < bytes.length; at += 100) {
    for (const frame of reader.read(bytes.subarray(at, at + 100))) frames += frame.kind === 'reply' ? 1 : 0;
  }
  expect(frames).toBe(piece.length === 4 ? 5_000_000 : 0);
  // In quadratic time it takes minutes.
  expect(performance.now() - since).toBeLessThan(15_000);
});
