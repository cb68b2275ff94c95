import { expect, test } from 'vitest';
import { timedCommands, timeoutLeft } from '../../../lib/connections/outcomes/blocking-time.js';

/** What is sent 3 s after the command was issued. */
function sent(text: string): string {
  const [name = '', ...args] = text.split(' ');
  const left = timeoutLeft({ name, args }, 3000);
  return [name, ...args.map((arg, index) => (index === left?.index ? left.value : arg))].join(' ');
}

const rows = [
  ['blpop a b 4', 'blpop a b 1'],
  ['BRPOP a 3.5', 'BRPOP a 0.5'],
  ['brpoplpush a b 4', 'brpoplpush a b 1'],
  ['blmove a b LEFT RIGHT 4', 'blmove a b LEFT RIGHT 1'],
  ['blmovem a b LEFT RIGHT 4 COUNT 5', 'blmovem a b LEFT RIGHT 1 COUNT 5'],
  ['blmpop 4 1 a LEFT COUNT 5', 'blmpop 1 1 a LEFT COUNT 5'],
  ['bzmpop 4 1 a MIN', 'bzmpop 1 1 a MIN'],
  ['bzpopmin a 4', 'bzpopmin a 1'],
  ['bzpopmax a 4', 'bzpopmax a 1'],
  ['xread COUNT 5 BLOCK 4000 STREAMS block 0', 'xread COUNT 5 BLOCK 1000 STREAMS block 0'],
  ['xread block 4000 streams a 0', 'xread block 1000 streams a 0'],
  [
    'xreadgroup GROUP block block BLOCK 4000 NOACK STREAMS a >',
    'xreadgroup GROUP block block BLOCK 1000 NOACK STREAMS a >',
  ],
  ['wait 2 4000', 'wait 2 1000'],
  ['waitaof 1 2 4000', 'waitaof 1 2 1000'],
] as const;

test.each(rows)('%s → %s', (issued, expected) => {
  expect(sent(issued)).toBe(expected);
});

test('every command that has a timeout is in the table above', () => {
  const named = new Set(rows.map(([issued]) => issued.split(' ')[0]?.toLowerCase()));
  expect(named).toEqual(new Set(timedCommands));
});

test.each([
  ['blpop a 0', 'a timeout of 0 means for ever'],
  ['xread BLOCK 0 STREAMS a $', 'a timeout of 0 means for ever'],
  ['wait 1 0', 'a timeout of 0 means for ever'],
  ['xread STREAMS block 4000', 'it does not block; the key is named so'],
  ['xreadgroup GROUP block 4000 STREAMS a >', 'the group is named so'],
  ['blpop a soon', 'the server refuses it'],
  ['wait 1', 'the server refuses it'],
  ['get 4', 'it has no timeout'],
])('%s stays the same, because %s', (issued) => {
  expect(sent(issued)).toBe(issued);
});

test.each([
  ['blpop a 3', 'blpop a 0.002'],
  ['blpop a 1', 'blpop a 0.002'],
  ['wait 1 1', 'wait 1 1'],
  ['xread BLOCK 2000 STREAMS a $', 'xread BLOCK 1 STREAMS a $'],
])('%s gets the shortest timeout when none is left: %s', (issued, expected) => {
  expect(sent(issued)).toBe(expected);
});
