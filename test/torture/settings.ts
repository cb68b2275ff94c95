import { parseArgs } from 'node:util';

export interface Settings {
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
}

/** `--minutes 3 --seed 42 --nodes 3`; without a seed, a new one. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, nodes: { type: 'string' } },
  });
  return {
    minutes: readNumber('minutes', values.minutes ?? '3', 0),
    seed: Math.floor(readNumber('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 32)), 0)),
    nodes: readNumber('nodes', values.nodes ?? '3', 3),
  };
}

function readNumber(name: string, text: string, lowest: number): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < lowest) {
    throw new Error(`--${name} must be a number of at least ${lowest}, not "${text}"`);
  }
  return number;
}
