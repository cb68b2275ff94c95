import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Repeats } from '../../lib/notices/repeats.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const lines: string[] = [];
  const repeats = new Repeats(({ text }) => lines.push(text));
  const tell = (text: string, level: 'log' | 'warn' = 'warn') =>
    repeats.tell({ code: 'RR101', level, text, facts: {} });
  return { lines, tell, repeats };
}

test('a line that comes and goes 90 times a second for two minutes is told eight times, with every repetition counted', () => {
  const { lines, tell } = open();
  const line = (index: number) =>
    `failover: master a:1 → b:2 in ${index} ms, cause: poll, generation ${index}`;
  for (let index = 0; index < 120 * 90; index++) {
    tell(line(index));
    vi.advanceTimersByTime(1000 / 90);
  }
  vi.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe(line(0));
  expect(lines[1]).toMatch(
    /^failover: master a:1 → b:2 in \d+ ms, cause: poll, generation \d+ \(\d+ times more within 1 s\)$/,
  );
  const counts = lines.slice(1).map((text) => Number(/\((\d+) times/.exec(text)?.[1]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120 * 90 - 1);
});

test('the period doubles up to a minute, and begins anew after a quiet one', () => {
  const { lines, tell } = open();
  const periods = () => lines.flatMap((text) => /within (\d+) s/.exec(text)?.[1] ?? []).map(Number);
  for (let second = 0; second < 400; second++) {
    tell('again');
    vi.advanceTimersByTime(900);
  }
  expect(periods().slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  vi.advanceTimersByTime(180_000);
  const before = lines.length;
  tell('again');
  expect(lines.slice(before)).toEqual(['again']);
});

test('what repeats every two seconds is counted too before long', () => {
  const { lines, tell } = open();
  for (let index = 0; index < 1800; index++) {
    tell('again');
    vi.advanceTimersByTime(2000);
  }
  expect(lines.length).toBeLessThan(70);
  expect(lines.slice(0, 2)).toEqual(['again', 'again']);
});

test('what happens once a few seconds apart is told each time, without a count', () => {
  const { lines, tell } = open();
  for (const text of ['node a:1 answers again', 'node b:2 answers again', 'node a:1 answers again']) {
    tell(text);
    vi.advanceTimersByTime(2000);
  }
  expect(lines).toEqual(['node a:1 answers again', 'node b:2 answers again', 'node a:1 answers again']);
});

test('lines about other nodes and of other levels are other lines', () => {
  const { lines, tell } = open();
  tell('node 10.0.0.1:6379 answers again');
  tell('node 10.0.0.2:6379 answers again');
  tell('node 10.0.0.2:6379 answers again', 'log');
  tell('node 10.0.0.2:6379 answers again');
  expect(lines).toHaveLength(3);
  vi.advanceTimersByTime(1000);
  expect(lines.at(-1)).toBe('node 10.0.0.2:6379 answers again (once more within 1 s)');
});

test('of states that alternate, the counts are told in the order in which they came last', () => {
  const { lines, tell } = open();
  for (let round = 0; round < 10; round++) ['up', 'down'].forEach((text) => tell(text));
  tell('up');
  vi.advanceTimersByTime(1000);
  expect(lines).toHaveLength(4);
  tell('up');
  expect(lines.slice(0, 2)).toEqual(['up', 'down']);
});

test('100,000 different lines are 501 lines and a count', () => {
  const { lines, tell, repeats } = open();
  for (let node = 0; node < 100_000; node++) tell(`node n${node}:1 cannot be used`);
  expect(lines).toHaveLength(501);
  repeats.close();
  expect(lines).toHaveLength(502);
  expect(lines.at(-1)).toBe(
    'other lines, the last: node n99999:1 cannot be used (99499 times more within 1 s)',
  );
});

test('closing tells the counts and leaves no timer', () => {
  const { lines, tell, repeats } = open();
  ['a', 'a', 'b', 'a'].forEach((text) => tell(text));
  repeats.close();
  expect(lines).toEqual(['a', 'b', 'a (2 times more within 1 s)']);
  tell('a');
  expect(lines).toHaveLength(4);
  expect(vi.getTimerCount()).toBe(0);
});
