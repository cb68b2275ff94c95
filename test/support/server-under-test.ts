import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { findRedisServer } from '../../tools/find-binary.mjs';
import { identifyServer } from '../../tools/server-versions.mjs';

type Named = `${'Redis' | 'Valkey'} ${number}.${number}`;

/** What a test needs of the server that others lack, in words for the report: `['Redis 7.0', 'EVAL_RO']`. */
export type Requirement = readonly [since: Named, what: string];

const path = findRedisServer() ?? 'redis-server';
const server = identifyServer(path);
const known = new Map<string, boolean>();

/** Whether the server is of this version or later. Valkey has all that Redis had until 7.2, where it began. */
export function serverAtLeast(wanted: Named): boolean {
  if (server === undefined) throw new Error(`${path} is neither Redis nor Valkey`);
  const [brand, version = ''] = wanted.split(' ');
  if (brand === server.brand) return compare(server.version, version) >= 0;
  return server.brand === 'Valkey' && compare('7.2', version) >= 0;
}

/** Skips the test where the server is older; the report says why. */
export function needsServer({ skip }: TestContext, [since, what]: Requirement): void {
  skip(!serverAtLeast(since), `${serverName()} has no ${what}: that came with ${since}`);
}

/** Skips the test where the server does not know one of these options of its command line. */
export function needsOptions({ skip }: TestContext, args: readonly string[]): void {
  const unknown = args.filter((word) => word.startsWith('--') && !knowsOption(word.slice(2)));
  skip(unknown.length > 0, `${serverName()} has no ${unknown.join(', ')}`);
}

/** Whether the server knows an option, which also depends on how it was built (TLS). */
export function knowsOption(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  // It ends at the first line it refuses: a known option lacks its value, and the second line is none.
  const { stdout, stderr } = spawnSync(path, ['-'], { input: `${name}\nno-such-option\n`, encoding: 'utf8' });
  const isKnown = !/at line 1\n.*\nBad directive/.test(`${stdout}${stderr}`);
  known.set(name, isKnown);
  return isKnown;
}

function serverName(): string {
  return server === undefined ? path : `${server.brand} ${server.version}`;
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
