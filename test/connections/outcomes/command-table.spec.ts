import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { commandTable } from '../../../lib/connections/outcomes/command-table.js';
import { flagsByName, writeTable } from '../../../tools/command-table.mjs';
import { readInfo } from '../../../lib/testing/servers/info.js';
import { startRedisServer } from '../../../lib/testing/servers/redis-server.js';

const file = new URL('../../../lib/connections/outcomes/command-table.ts', import.meta.url);
const namesIn = (text: string) => text.trim().split(/\s+/);
const { reads, blockingReads, neutral, blocking, others } = commandTable;
const withoutEffect = new Set([reads, blockingReads, neutral].flatMap(namesIn));
const withEffect = new Set([blocking, others].flatMap(namesIn));

test('the table agrees with the server at hand about the commands that both know', async () => {
  const server = await startRedisServer({});
  onTestFinished(() => server.stop());
  const reply = await server.command('COMMAND');
  const said = [...flagsByName(reply)];
  const isKnown = ([name]: (typeof said)[number]) => withoutEffect.has(name) || withEffect.has(name);
  expect(said.filter(isKnown).length).toBeGreaterThan(200);
  const [writes, onlyReads] = ['write', 'readonly'].map((flag) =>
    said.filter(([, flags]) => flags.includes(flag)).map(([name]) => name),
  );
  expect(writes?.filter((name) => withoutEffect.has(name))).toEqual([]);
  expect(onlyReads?.filter((name) => withEffect.has(name))).toEqual([]);
  const version = (await readInfo(server, 'server')).get('redis_version') ?? '';
  const table = readFileSync(file, 'utf8');
  // The same server gives the same file.
  if (table.includes(`of Redis ${version} to`)) expect(table).toBe(writeTable(reply, version));
});
