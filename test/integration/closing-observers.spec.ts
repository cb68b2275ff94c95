import { connect } from 'node:net';
import { onTestFinished, test } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import { listen } from '../../lib/testing/network/listener.js';
import { createReplication } from '../support/open-replication.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';

// In a file, and so in a process, of its own: nothing that other tests leave for a moment is counted.

/** Timers and sockets of this process, as Node counts them. */
function countResources(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(Timeout|TCPSocketWrap|TLSWrap)$/.test(name))
    .length;
}

/** Takes connections and never answers, as behind a broken network. */
async function blackHole() {
  const hole = await listen((socket) => socket.resume());
  onTestFinished(() => hole.stop());
  return { endpoint: hole.endpoint, isReached: () => hole.sockets.size > 0 };
}

/** Its queue of connections is full, so an attempt to connect has no end. */
async function fullNode() {
  const server = await startRedisServer({ args: ['--tcp-backlog', '1'] });
  onTestFinished(() => server.stop());
  server.hang();
  const fillers = Array.from({ length: 8 }, () =>
    connect(server.port, server.host).on('error', () => undefined),
  );
  onTestFinished(() => fillers.forEach((filler) => filler.destroy()));
  const countConnected = () => fillers.filter(({ connecting }) => !connecting).length;
  // One more than the length of the queue.
  await until('its queue is full', () => countConnected() === 2);
  return { endpoint: server.endpoint, isReached: () => true };
}

/** It has answered once. While it is silent, a connection of its own finds out whether it is paused. */
async function silentNode() {
  const node = await startFakeNode();
  onTestFinished(() => node.stop());
  const isAskedForPause = () => node.commands.some(([name]) => name === 'ECHO');
  const isReached = () => {
    if (node.commands.some(([name]) => name === 'XREAD')) node.hang();
    return isAskedForPause();
  };
  return { endpoint: node.endpoint, isReached };
}

test.each([
  ['never answers', blackHole, 60_000],
  ['never connects', fullNode, 60_000],
  ['is asked whether it is paused', silentNode, 2000],
] as const)('closing while a node %s leaves no socket and no timer', async (_, start, replyTimeoutMs) => {
  const { endpoint, isReached } = await start();
  let before = -1;
  await until('it is counted', () => (before = countResources()) >= 0);
  const { replication } = createReplication([endpoint], { replyTimeoutMs, boot: 'background' });
  await replication.onModuleInit();
  await until('it is observed', () => isReached() && countResources() > before);
  await replication.onApplicationShutdown();
  await until('no timer or socket is left', () => countResources() <= before, {
    state: () => process.getActiveResourcesInfo(),
  });
});
