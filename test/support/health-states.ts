import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openControl } from '../../lib/testing/servers/control.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { save } from './save.js';
import { knowsOption } from './server-under-test.js';
import { until } from '../../lib/testing/servers/until.js';

/** Options of servers that `failSaving` and `loadSlowly` need; no ping to the replicas moves the offset. */
export const stateArgs: readonly string[] = [
  // Redis 6.2 protects none.
  ...(knowsOption('enable-protected-configs') ? ['--enable-protected-configs', 'yes'] : []),
  '--rdbcompression',
  'no',
  '--repl-ping-replica-period',
  '3600',
];

/** Makes its snapshots fail by removing the folder they are written to. */
export async function failSaving(node: RedisServer): Promise<void> {
  const folder = join(await folderOf(node), 'gone');
  await mkdir(folder);
  await node.command('CONFIG', 'SET', 'dir', folder);
  await rm(folder, { recursive: true });
  await node.command('CONFIG', 'SET', 'save', '3600 1');
  await save(node, 'BGSAVE');
  await whenInfo(node, 'persistence', { rdb_last_bgsave_status: 'err' });
}

/** Puts its append-only file on a device that is always full. */
export async function fillDisk(node: RedisServer): Promise<void> {
  const folder = join(await folderOf(node), 'appendonlydir');
  await mkdir(folder);
  // The name under which the file is opened before the first rewrite is done.
  await symlink('/dev/full', join(folder, 'temp-appendonly.aof.incr'));
  await node.command('CONFIG', 'SET', 'appendonly', 'yes');
  await until('writing the file has failed', async () => {
    await node.command('SET', 'key', 'value').catch(() => undefined);
    return (await readInfo(node, 'persistence')).get('aof_last_write_status') === 'err';
  });
}

/** Limits its memory to less than its data needs; it can write again when the data is deleted. */
export async function fillMemory(node: RedisServer): Promise<void> {
  const used = Number((await readInfo(node, 'memory')).get('used_memory'));
  const text = 'x'.repeat(100_000);
  for (let number = 0; number < 60; number++) {
    await node.command('SET', `fill:${number}`, text);
  }
  // What is on its way to replicas does not count, what is kept for those that come back does.
  await node.command('CONFIG', 'SET', 'maxmemory', used + 3_000_000);
}

const loadingKeys = 200;

/** Enough data for `slowLoading` to last for many seconds. */
export async function addData(node: RedisServer): Promise<void> {
  const text = 'x'.repeat(1100);
  for (let number = 0; number < loadingKeys; number++) {
    await node.command('SET', `data:${number}`, text);
  }
}

/** 100 ms for each key, and other clients are served in between. */
export const slowLoading: readonly string[] = [
  '--key-load-delay',
  '100000',
  '--loading-process-events-interval-bytes',
  '1024',
];

/** Restarts it with its data, which it keeps loading until `endLoading`, or until the test is over. */
export async function loadSlowly(node: RedisServer): Promise<void> {
  await addData(node);
  await save(node);
  await node.kill();
  const restarted = node.restart(slowLoading);
  onTestFinished(async () => {
    await endLoading(node);
    await restarted;
  });
  await whenInfo(node, 'persistence', { loading: '1' });
}

export async function endLoading(node: RedisServer): Promise<void> {
  await node.command('CONFIG', 'SET', 'key-load-delay', 0);
}

/** Runs a script that never ends by itself, only by `SCRIPT KILL` or with the server. */
export function runEndlessScript(node: RedisServer): void {
  const other = openControl(node);
  onTestFinished(() => other.reset());
  other.command('EVAL', 'while true do end', 0).catch(() => undefined);
}

export async function whenInfo(
  node: RedisServer,
  section: string,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const isSo = async () => {
    const info = await readInfo(node, section);
    return Object.entries(wanted).every(([name, value]) => info.get(name) === value);
  };
  await until(`${node.endpoint} reports ${JSON.stringify(wanted)}`, isSo, { timeoutMs: 15_000 });
}

async function folderOf(node: RedisServer): Promise<string> {
  return String([await node.command('CONFIG', 'GET', 'dir')].flat().at(-1));
}
