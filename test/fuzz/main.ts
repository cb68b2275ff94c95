import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FuzzTarget } from './fuzz-target.js';
import { runTarget, type Course, type Result } from './run-target.js';

/**
 * npm run fuzz -- --minutes 1             all targets; half of the time with the seeds 1, 2, …, half with random ones
 * npm run fuzz -- --only parse-info       one target
 * npm run fuzz -- --only x --seed 4711    one run, to repeat a failure; with --minutes: that seed and those after it
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});

const HIGHEST_SEED = 2 ** 31;

const targets = (await readTargets()).filter(({ name }) => values.only === undefined || name === values.only);
const courses = chooseCourses(targets.length);
const failed: string[] = [];
for (const target of targets) {
  for (const course of courses) {
    const result = await runTarget(target, course);
    print(result);
    if (result.failure !== undefined) failed.push(result.name);
  }
}
if (targets.length === 0) console.error(`no target is named "${values.only ?? ''}"`);
console.log(`${targets.length} targets, ${new Set(failed).size} failed`);
// A target that was given up may hold the process.
process.exit(failed.length > 0 || targets.length === 0 ? 1 : 0);

async function readTargets(): Promise<readonly FuzzTarget[]> {
  const folder = new URL('./', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.fuzz.ts')).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const exported: unknown = await import(fileURLToPath(new URL(file, folder)));
      const target: unknown = isObject(exported) ? Reflect.get(exported, 'target') : undefined;
      if (!isTarget(target)) throw new TypeError(`${file} exports no "target" with "name" and "run"`);
      return target;
    }),
  );
}

function isTarget(value: unknown): value is FuzzTarget {
  return (
    isObject(value) &&
    typeof Reflect.get(value, 'name') === 'string' &&
    typeof Reflect.get(value, 'run') === 'function'
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function chooseCourses(count: number): readonly Course[] {
  const forMs = (readNumber('minutes', values.minutes ?? '1') * 60_000) / Math.max(1, count);
  if (values.seed === undefined) {
    const random = Math.floor(Math.random() * HIGHEST_SEED);
    return [1, random].map((from) => ({ from, forMs: forMs / 2 }));
  }
  const from = readNumber('seed', values.seed);
  return [{ from, forMs, ...(values.minutes === undefined && { runs: 1 }) }];
}

function readNumber(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < 0) {
    throw new TypeError(`--${name} is "${text}"; allowed is a number from 0`);
  }
  return number;
}

function print({ name, from, runs, tookMs, failure }: Result): void {
  const seconds = (tookMs / 1000).toFixed(1);
  console.log(`${name}: ${runs.toLocaleString('en')} runs from seed ${from} in ${seconds} s`);
  if (failure !== undefined) {
    const { error, seed } = failure;
    console.log(`${name} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    console.log(`to repeat it: npm run fuzz -- --only ${name} --seed ${seed}`);
  }
}
