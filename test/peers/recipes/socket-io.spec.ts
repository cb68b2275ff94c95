import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../../support/group-roles.js';
import { promote } from '../../../lib/testing/servers/replication.js';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { connectServers } from './socket-io.js';

const { group, open } = useApp();

/** Two servers that hear each other, as in two processes, and what a process would end with. */
async function openServers(incident = incidents[0], timeoutMs = 10_000) {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const opened = await open(incident, [], { hold: { timeoutMs } });
  const [speaker, listener] = [0, 1].map(() => {
    const server = connectServers(new Server(createServer().listen(0, '127.0.0.1')), opened.writer);
    onTestFinished(() => server.close());
    return server;
  });
  const heard: unknown[] = [];
  listener?.on('word', (word: unknown) => heard.push(word));
  const say = (word: string) => speaker?.serverSideEmit('word', word);
  const hear = async (word: string) =>
    until(`${word} is heard`, () => {
      say(word);
      return heard.includes(word);
    });
  await hear('hello');
  return { ...opened, heard, rejections, say, hear };
}

describe.each(incidents)('when the master $incident', (incident) => {
  test('what servers say afterwards is heard, and nothing that is lost ends the process', async () => {
    const { failOver, rejections, say, hear } = await openServers(incident);
    await failOver(async () => void say('meanwhile'));
    await hear('afterwards');
    expect(rejections).toEqual([]);
  });
});

test('what is said more than `hold.timeoutMs` before the next master is lost, and does not end the process', async () => {
  const { killMaster, writer, heard, rejections, say, hear } = await openServers(incidents[0], 2000);
  await killMaster();
  say('lost');
  // It was held for as long as the first: that one was given up before.
  await expect(writer.set('key', 'value')).rejects.toThrow('SET was not applied: held for 2000 ms');
  await promote(rolesOf(group()).heir);
  await hear('found');
  expect(heard).not.toContain('lost');
  expect(rejections).toEqual([]);
});
