import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.js';

export interface ResultsFolder {
  /** Relative to where the run was started. */
  readonly folder: string;
  /** A file with what it was measured on; written again, it replaces itself. */
  readonly json: (name: string, results: unknown) => void;
  readonly svg: (name: string, text: string) => void;
}

/** Where results go. Those of a whole run are kept in the repository; a quick or partial one must not replace them. */
export function openResults(isWhole: boolean, environment: Environment): ResultsFolder {
  const path = fileURLToPath(new URL(isWhole ? '../results' : '../results/partial', import.meta.url));
  mkdirSync(path, { recursive: true });
  return {
    folder: relative(process.cwd(), path),
    json: (name, results) => writeFileSync(join(path, `${name}.json`), toText({ environment, results })),
    svg: (name, text) => writeFileSync(join(path, `${name}.svg`), text),
  };
}

/** Lists of numbers, which are most of it, stand in one line each. */
function toText(content: unknown): string {
  const text = JSON.stringify(content, compact, 1);
  return `${text.replace(/\[[\d\s.,null-]*\]/g, (list) => list.replace(/\s+/g, ''))}\n`;
}

function compact(key: string, value: unknown): unknown {
  if (key === 'rounds' || key === 'pairs') return toColumns(value);
  // Less than a microsecond is noise.
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
}

/** `[{ a: 1, b: 2 }, { a: 3, b: 4 }]` as `{ a: [1, 3], b: [2, 4] }`, at any depth. */
function toColumns(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const rows: readonly unknown[] = value;
  if (rows.some((row) => Array.isArray(row))) return rows;
  const objects = rows.filter((row) => typeof row === 'object' && row !== null);
  const [first] = objects;
  if (first === undefined || objects.length < rows.length) return rows;
  return Object.fromEntries(
    Object.keys(first).map((key) => [key, toColumns(objects.map((row): unknown => Reflect.get(row, key)))]),
  );
}
