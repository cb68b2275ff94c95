import { expect, test } from 'vitest';
import { oneLine, safeText } from '../../lib/topology/safe-text.js';

const named = (text: string) => JSON.stringify(text);

test.each([
  ['a line feed', 'ERR one\nWARN two', 'ERR one WARN two'],
  ['a carriage return', 'ERR one\r\n\r\ntwo', 'ERR one two'],
  ['codes for a terminal', 'ERR \u001b[31mred\u001b[0m', 'ERR  [31mred [0m'],
  ['a bell, a backspace, a zero', 'ERR \u0007\b\0x', 'ERR  x'],
  ['DEL and the controls of C1', 'ERR \u007f\u0085\u009b31m', 'ERR  31m'],
  ['line and paragraph separators', 'ERR a\u2028b\u2029c', 'ERR a b c'],
  ['marks that turn the direction', 'ERR \u202egnp.exe\u202c \u2066x\u2069 \u200fy', 'ERR  gnp.exe   x   y'],
])('%s cannot change what is shown around it', (_, text, shown) => {
  expect(named(safeText(text))).toBe(named(shown));
});

test('what is written in other scripts stays', () => {
  expect(safeText('ERR Schlüssel „ключ“ 鍵 🔑')).toBe('ERR Schlüssel „ключ“ 鍵 🔑');
});

test('a text of 200 characters stays, and one of 201 is cut to 200', () => {
  expect(safeText('x'.repeat(200))).toBe('x'.repeat(200));
  expect(safeText('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
});

test('a character that has two halves is not cut in half', () => {
  expect(safeText(`${'x'.repeat(198)}🔑🔑`)).toBe(`${'x'.repeat(198)}…`);
});

test('credentials are left out, also of a text that is cut', () => {
  expect(safeText(`ERR unknown command 'AUTH', with args beginning with: '${'secret'.repeat(200)}'`)).toBe(
    "ERR unknown command 'AUTH'",
  );
});

test('a line of our own is not cut', () => {
  expect(oneLine(`${'a\n'.repeat(300)}b`)).toBe(`${'a '.repeat(300)}b`);
});
