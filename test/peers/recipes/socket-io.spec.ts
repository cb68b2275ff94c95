import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { createSwapper } from './swaps.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

/** A server of Socket.IO, as one of several processes has it. */
async function openServer() {
  const opened = await openReplication(group.endpoints, { hold: { timeoutMs: 100 } });
  const subscriber = opened.writer.duplicate();
  const server = new Server(createServer().listen(0, '127.0.0.1'), {
    adapter: createAdapter(opened.writer, subscriber),
  });
  const heard: unknown[] = [];
  server.on('word', (word: unknown) => heard.push(word));
  onTestFinished(async () => {
    await server.close();
    subscriber.disconnect();
  });
  return { ...opened, server, heard };
}

/** Two servers that hear each other, and what the process would end with. */
async function openServers() {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const [speaker, listener] = [await openServer(), await openServer()];
  const say = (word: string) => speaker.server.serverSideEmit('word', word);
  const hears = async (word: string) =>
    until(`${word} is heard`, () => {
      say(word);
      return listener.heard.includes(word);
    });
  await hears('hello');
  return { speaker, listener, rejections, say, hears };
}

test('servers hear each other at every master', async () => {
  const { speaker, hears, rejections } = await openServers();
  const { swap } = createSwapper(group, speaker);
  for (const word of ['first', 'second', 'third']) {
    await swap();
    await hears(word);
  }
  expect(rejections).toEqual([]);
});

test('what is said while there is no master is lost without ending the process', async () => {
  const { speaker, listener, say, hears, rejections } = await openServers();
  const { master, heir } = rolesOf(group);
  await master.kill();
  await speaker.whenTopology(({ kind }) => kind === 'masterless');
  say('lost');
  // It was held for as long as the first: that one was given up before.
  await expect(speaker.writer.set('key', 'value')).rejects.toThrow('SET was not applied: held for 100 ms');
  await promote(heir);
  await speaker.whenMaster(heir);
  await hears('found');
  expect(listener.heard).not.toContain('lost');
  expect(rejections).toEqual([]);
});
