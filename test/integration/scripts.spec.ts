import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { follow, plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';

const incrementTwice = "redis.call('incr', KEYS[1]); return redis.call('incr', KEYS[1])";
let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(async () => {
  await restoreGroup(group);
  await Promise.all(group.nodes.map((node) => node.command('SCRIPT', 'FLUSH')));
});

afterAll(() => group.stop());

/** Calls a command that ioredis has made of a script. */
function issue(redis: object, name: string, ...args: readonly string[]): unknown {
  const command: unknown = Reflect.get(redis, name);
  return typeof command === 'function' ? Reflect.apply(command, redis, args) : `no command ${name}`;
}

async function run(redis: object, name: string, ...args: readonly string[]): Promise<unknown> {
  return issue(redis, name, ...args);
}

test('a script defined on the writer runs on the new master, which has never seen it', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const { heir } = rolesOf(group);
  writer.defineCommand('incrementTwice', { numberOfKeys: 1, lua: incrementTwice });
  expect(await run(writer, 'incrementTwice', 'counter')).toBe(2);
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  expect(await run(writer, 'incrementTwice', 'other')).toBe(2);
  expect(await run(writer, 'incrementTwice', 'other')).toBe(4);
});

test('scripts of the options are on writer, reader and duplicates', async () => {
  const { writer, reader } = await openReplication(group.endpoints, {
    redis: { scripts: { incrementTwice: { numberOfKeys: 1, lua: incrementTwice } } },
  });
  expect(await run(writer, 'incrementTwice', 'counter')).toBe(2);
  const duplicate = writer.duplicate();
  expect(await run(duplicate, 'incrementTwice', 'counter')).toBe(4);
  duplicate.disconnect();
  await expect(run(reader, 'incrementTwice', 'counter')).rejects.toThrow(/refused by the reader/);
});

test('scripts in a pipeline that meets a new master run, each once', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints);
  const { heir } = rolesOf(group);
  writer.defineCommand('incrementTwice', { numberOfKeys: 1, lua: incrementTwice });
  await run(writer, 'incrementTwice', 'before');
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  const pipeline = writer.pipeline();
  issue(pipeline, 'incrementTwice', 'a');
  issue(pipeline, 'incrementTwice', 'a');
  expect(await pipeline.exec()).toEqual([
    [null, 2],
    [null, 4],
  ]);
});

test('a script that a demoted master refuses runs once, on the next master', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
  const { master, heir } = rolesOf(group);
  await follow(master, heir);
  const reply = writer.eval(incrementTwice, 1, 'counter');
  await promote(heir);
  await whenMaster(heir);
  expect(await reply).toBe(2);
  expect(await heir.command('GET', 'counter')).toBe('2');
});

test('a script that returns the refusal that it caught runs once, on the next master', async () => {
  const { writer, whenMaster } = await openReplication(group.endpoints, { pollIntervalMs: 5000 });
  const { master, heir } = rolesOf(group);
  await follow(master, heir);
  const reply = writer.eval("return redis.pcall('incr', KEYS[1])", 1, 'counter');
  await promote(heir);
  await whenMaster(heir);
  expect(await reply).toBe(1);
  expect(await heir.command('GET', 'counter')).toBe('1');
});
