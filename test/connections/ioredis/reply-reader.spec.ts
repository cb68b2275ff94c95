import { describe, expect, test } from 'vitest';
import { BadReplyError, MAX_ANNOUNCED } from '../../../lib/connections/ioredis/reply-nesting.js';
import { ReplyReader } from '../../../lib/connections/ioredis/reply-reader.js';

/** Where replies end when the text arrives in chunks of this size, counted from the beginning. */
function endsOf(text: string, size: number): readonly number[] {
  const reader = new ReplyReader();
  const bytes = Buffer.from(text);
  const ends: number[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const chunk = bytes.subarray(start, start + size);
    reader.feed(chunk);
    for (let end = reader.next(0); end !== undefined; end = reader.next(end)) ends.push(start + end);
  }
  return ends;
}

/** Each a whole reply. */
const replies = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':12\r\n',
  ':-3\r\n',
  '$5\r\nhello\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '$7\r\na\r\nb\r\nc\r\n',
  '*0\r\n',
  '*-1\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
  '*3\r\n$-1\r\n*0\r\n+x\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5e-3\r\n',
  ',-inf\r\n',
  '(123456789012345678901234567890\r\n',
  '=7\r\ntxt:abc\r\n',
  '!5\r\nERR x\r\n',
  '%1\r\n+key\r\n:1\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n',
];

test.each([1, 2, 3, 5, 7, 64, 10_000])('every reply ends where it ends, in chunks of %i bytes', (size) => {
  let total = 0;
  const expected = replies.map((each) => (total += each.length));
  expect(endsOf(replies.join(''), size)).toEqual(expected);
});

describe.each([1, 10_000])('in chunks of %i bytes', (size) => {
  test.each([
    'HTTP/1.1 502 Bad Gateway\r\n\r\n',
    '+OK\r\nHTTP/1.1 502 Bad Gateway\r\n',
    '\u0015\u0003\u0003\u0000\u0002\u0002P',
    ':1x\r\n',
    ':\r\n',
    '$x\r\n',
    '$-2\r\n',
    '$-0\r\n',
    '$\r\n',
    '$3\r\nabcde\r\n',
    '*1x\r\n',
    '_x\r\n',
    '#x\r\n',
    ',nANY\r\n',
    '+OK\rX',
    `$${'9'.repeat(40)}\r\n`,
    `:${'1'.repeat(100)}`,
    `*${MAX_ANNOUNCED + 1}\r\n`,
    `*${MAX_ANNOUNCED}\r\n*1\r\n`,
    '*99999999\r\n'.repeat(20),
    '*1\r\n'.repeat(1000),
    '|1\r\n+a\r\n+b\r\n+OK\r\n',
  ])('%j is no reply', (text) => {
    expect(() => endsOf(text, size)).toThrow(BadReplyError);
  });
});

test('elements that have arrived make room for others', () => {
  const inner = `*1000\r\n${':1\r\n'.repeat(1000)}`;
  const text = `*${MAX_ANNOUNCED - 1000}\r\n${inner.repeat(3)}`;
  expect(endsOf(text, 10_000)).toEqual([]);
});

test('a large string that arrives in many chunks is not copied', () => {
  const reader = new ReplyReader();
  const chunk = Buffer.alloc(65_536, 'x');
  reader.feed(Buffer.from(`$${1000 * chunk.length}\r\n`));
  expect(reader.next(0)).toBeUndefined();
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 1000; count += 1) {
    reader.feed(chunk);
    expect(reader.next(0)).toBeUndefined();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  reader.feed(Buffer.from('\r\n'));
  expect(reader.next(0)).toBe(2);
});

test.each([
  ['$-1\r\n', { isNil: true, size: 0 }],
  ['*-1\r\n', { isNil: true, size: 0 }],
  ['_\r\n', { isNil: true, size: 0 }],
  ['*0\r\n', { isNil: false, size: 0 }],
  ['*3\r\n$-1\r\n:1\r\n_\r\n', { isNil: false, size: 3, nils: 0b101 }],
  ['*2\r\n*1\r\n$-1\r\n:1\r\n', { isNil: false, size: 2, nils: 0 }],
  ['>2\r\n$10\r\ninvalidate\r\n_\r\n', { size: 2, nils: 0b10, word: 'invalidate' }],
  ['*2\r\n$4\r\npong\r\n$0\r\n\r\n', { size: 2, nils: 0, word: '' }],
])('the shape of %j is %j', (text, shape) => {
  for (const size of [1, 1000]) {
    const reader = new ReplyReader();
    const bytes = Buffer.from(text);
    let end: number | undefined;
    for (let start = 0; start < bytes.length; start += size) {
      reader.feed(bytes.subarray(start, start + size));
      end = reader.next(0);
    }
    expect(end).toBeDefined();
    expect(reader.shape).toMatchObject(shape);
  }
});
