import type { CommandArguments } from '../../lib/testing/servers/control.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { counters, keys } from './keys.js';
import type { Contents, Fork } from './history.js';

/** Runs the commands as one transaction over the harness's own connection; sent in one go, so nothing gets between. */
export async function transact(
  server: RedisServer,
  commands: readonly CommandArguments[],
): Promise<readonly unknown[]> {
  const all: readonly CommandArguments[] = [['MULTI'], ...commands, ['EXEC']];
  const replies = await Promise.all(all.map((command) => server.command(...command)));
  const results = listed(replies.at(-1));
  for (const result of results) {
    if (result instanceof Error) throw result;
  }
  return results;
}

const whole: Pick<Fork, 'log' | 'left' | 'right'> = { log: 0, left: 0, right: 0 };

/** Reads the lists from these positions on. */
export function contentsCommands(from = whole): readonly CommandArguments[] {
  return [
    ['LRANGE', keys.log, from.log, -1],
    ['LRANGE', keys.left, from.left, -1],
    ['LRANGE', keys.right, from.right, -1],
    ['LRANGE', keys.queue, 0, -1],
    ['MGET', keys.pairs, ...counters],
  ];
}

export function parseContents([log, left, right, queue, numbers]: readonly unknown[]): Contents {
  return {
    log: texts(log),
    left: texts(left),
    right: texts(right),
    queue: texts(queue),
    ...parseNumbers(numbers),
  };
}

export const forkCommands: readonly CommandArguments[] = [
  ['LLEN', keys.log],
  ['LLEN', keys.left],
  ['LLEN', keys.right],
  ['LRANGE', keys.queue, 0, -1],
  ['MGET', keys.pairs, ...counters],
];

export function parseFork([log, left, right, queue, numbers]: readonly unknown[]): Fork {
  return {
    log: Number(log),
    left: Number(left),
    right: Number(right),
    queue: texts(queue),
    ...parseNumbers(numbers),
  };
}

export async function readContents(server: RedisServer): Promise<Contents> {
  return parseContents(await transact(server, contentsCommands()));
}

/** The fields of an `INFO` reply. */
export function parseInfo(reply: unknown): ReadonlyMap<string, string> {
  const lines = String(reply).split('\r\n');
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

function parseNumbers(reply: unknown): Pick<Contents, 'pairs' | 'counters'> {
  const [pairs, ...rest] = listed(reply).map(Number);
  const at = (index: number) => rest[index] ?? 0;
  return {
    pairs: pairs ?? 0,
    counters: { 'torture:counter:0': at(0), 'torture:counter:1': at(1), 'torture:watched': at(2) },
  };
}

function texts(reply: unknown): readonly string[] {
  return listed(reply).map(String);
}

function listed(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new Error(`A list was expected, not ${String(reply)}`);
  const items: readonly unknown[] = reply;
  return items;
}
