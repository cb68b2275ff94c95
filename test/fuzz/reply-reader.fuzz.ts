import assert from 'node:assert/strict';
import type { Value } from '../../lib/wire/header.js';
import { MAX_DEPTH, MAX_PUSH_BYTES, MAX_REPLY_BYTES, MAX_REPLY_ELEMENTS } from '../../lib/wire/limits.js';
import { ProtocolFault } from '../../lib/wire/protocol-fault.js';
import { ReplyReader, type Frame } from '../../lib/wire/reply-reader.js';
import type { SeededRandom } from '../topology/seeded-random.js';

/** Any bytes are frames within the limits, and then at most one fault of the protocol, however the bytes are split. */
export const target = {
  name: 'reply-reader',
  run: (random: SeededRandom): void => {
    const bytes = makeBytes(random);
    const whole = readAll([bytes]);
    whole.frames.forEach(assertWithinLimits);
    assert.deepEqual(readAll([...bytes].map((byte) => Buffer.from([byte]))), whole);
    assert.deepEqual(readAll(splitAnywhere(random, bytes)), whole);
  },
};

interface Outcome {
  readonly frames: readonly Frame[];
  readonly fault?: string;
}

function readAll(chunks: readonly Buffer[]): Outcome {
  const reader = new ReplyReader();
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) {
      for (const frame of reader.read(chunk)) frames.push(frame);
    }
    return { frames };
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    return { frames, fault: `${error.code} ${error.message}` };
  }
}

function splitAnywhere({ below }: SeededRandom, bytes: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + below(30);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

function assertWithinLimits(frame: Frame): void {
  switch (frame.kind) {
    case 'reply':
      return assertSize(frame.value, MAX_REPLY_BYTES);
    case 'push':
      return assertSize(frame.items, MAX_PUSH_BYTES);
    case 'error':
      assert.ok(frame.text.length <= 1024);
  }
}

function assertSize(value: Value, limit: number): void {
  const { characters, elements, depth } = measure(value);
  assert.ok(characters <= limit && elements <= MAX_REPLY_ELEMENTS && depth <= MAX_DEPTH);
}

interface Size {
  readonly characters: number;
  readonly elements: number;
  readonly depth: number;
}

function measure(value: Value): Size {
  if (typeof value === 'string') return { characters: value.length, elements: 0, depth: 0 };
  if (typeof value !== 'object' || value === null) return { characters: 0, elements: 0, depth: 0 };
  const inner = value.map(measure);
  return {
    characters: inner.reduce((sum, each) => sum + each.characters, 0),
    elements: inner.reduce((sum, each) => sum + each.elements, value.length),
    depth: 1 + Math.max(0, ...inner.map((each) => each.depth)),
  };
}

function makeBytes(random: SeededRandom): Buffer {
  const { below, oneOf, chance } = random;
  const pieces = Array.from({ length: 1 + below(6) }, () =>
    oneOf<() => string>([
      () => makeReply(random, 3),
      () => makeReply(random, 3),
      () => oneOf(attacks),
      () => garbage(random),
    ])(),
  );
  const bytes = Buffer.from(pieces.join(''), 'latin1');
  return chance(0.5) ? mutate(random, bytes) : bytes;
}

const CRLF = '\r\n';

/** What has ended processes, or is likely to. */
const attacks: readonly [string, ...string[]] = [
  '_\r\n',
  '>0\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*1\r\n'.repeat(55),
  '%1\r\n+a\r\n'.repeat(30),
  '|1\r\n'.repeat(9),
  '|0\r\n'.repeat(50),
  '$2147483648\r\nabc',
  '*2147483648\r\n',
  '>999999999999999\r\n+a\r\n',
  '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$999999999999999\r\n      ',
  '*99999999999999999999\r\n',
  '%-1\r\n',
  '>-1\r\n',
  '=3\r\nabc\r\n',
  '!-1\r\n',
  ':1e5\r\n',
  '+a\nb\r\n',
  'HTTP/1.1 502 Bad Gateway\r\n\r\n',
  '\u0015\u0003\u0003\0\u0002\u0002\u0028',
  `-ERR ${'x'.repeat(3000)}\r\n`,
  `+${'x'.repeat(3000)}\r\n`,
  `!2000\r\n${'y'.repeat(2000)}\r\n`,
  '!21\r\nSYNTAX invalid\n\u001b[31m\r\n\r\n',
  `>2\r\n+message\r\n$5000\r\n${' '.repeat(5000)}\r\n`,
  '*1\r\n>1\r\n+a\r\n',
];

function makeReply(random: SeededRandom, depth: number): string {
  const { below, oneOf } = random;
  const scalars: readonly [() => string, ...(() => string)[]] = [
    () => `+OK ${below(9)}${CRLF}`,
    () => `-ERR ${below(9)}${CRLF}`,
    () => `:${below(2 ** 31) - 2 ** 30}${CRLF}`,
    () => `:${'9'.repeat(1 + below(25))}${CRLF}`,
    () => bulk('$', 'x'.repeat(below(300))),
    () => bulk('!', `ERR ${'\n'.repeat(below(3))}`),
    () => bulk('=', `txt:${'\u00e4'.repeat(below(9))}`),
    () => `#${oneOf(['t', 'f', 'x'])}${CRLF}`,
    () => `,${oneOf(['1.5', 'inf', '-inf', 'nan'])}${CRLF}`,
    () => `(${'7'.repeat(1 + below(60))}${CRLF}`,
    () => `_${CRLF}`,
  ];
  if (depth === 0) return oneOf(scalars)();
  const list = (sign: string, each: number) => {
    const count = below(4);
    const items = Array.from({ length: count * each }, () => makeReply(random, depth - 1));
    return `${sign}${count}${CRLF}${items.join('')}`;
  };
  return oneOf<() => string>([
    ...scalars,
    () => list('*', 1),
    () => list('~', 1),
    () => list('%', 2),
    () => list('>', 1),
    () => list('|', 2),
  ])();
}

function bulk(sign: string, text: string): string {
  return `${sign}${text.length}${CRLF}${text}${CRLF}`;
}

function garbage({ below, oneOf }: SeededRandom): string {
  const length = below(40);
  return Array.from({ length }, () =>
    oneOf([
      () => String.fromCharCode(below(256)),
      () => oneOf(['+', '-', ':', '$', '*', '_', '#', ',', '(', '!', '=', '%', '~', '>', '|']),
      () => oneOf([CRLF, '\n', '\r', '0', '-1', String(below(100))]),
    ])(),
  ).join('');
}

/** Flips, removes, doubles or inserts bytes. */
function mutate({ below, oneOf }: SeededRandom, bytes: Buffer): Buffer {
  const changes = 1 + below(4);
  return Array.from({ length: changes }).reduce<Buffer>((changed) => {
    const at = below(changed.length);
    const [before, after] = [changed.subarray(0, at), changed.subarray(at + 1)];
    return oneOf([
      () => Buffer.concat([before, Buffer.from([below(256)]), after]),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([changed.subarray(0, at), changed.subarray(below(at + 1))]),
      () => Buffer.concat([before, Buffer.from(oneOf([CRLF, '\n', '*', '$', '0', '9']))]),
    ])();
  }, bytes);
}
