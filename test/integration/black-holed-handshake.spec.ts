import { expect, onTestFinished, test } from 'vitest';
import { startFakeNode } from '../support/fake-node.js';
import { openReplication } from '../support/open-replication.js';
import { until } from '../../lib/testing/servers/until.js';

/** A node of which each connection is lost on the way once it has begun its handshake as the writer, as often as asked. */
async function nodeThatLoses(state: { handshakes: number }) {
  const node = await startFakeNode({
    // In lower case, as the writer sends it; observers send it in upper case.
    onCommand: ([name]) => {
      if (name !== 'info' || state.handshakes === 0) return undefined;
      state.handshakes -= 1;
      return 'hang';
    },
  });
  onTestFinished(() => node.stop());
  return node;
}

test('a handshake that is lost on the way is repeated in time for what is held, as replyTimeoutMs says', async () => {
  const state = { handshakes: 0 };
  const node = await nodeThatLoses(state);
  // Shorter than the 10 s after which ioredis would give up a connection.
  const { writer } = await openReplication([node.endpoint], {
    hold: { timeoutMs: 8000 },
    replyTimeoutMs: 50,
  });
  state.handshakes = 2;
  node.dropConnections();
  await until('the connection is lost', () => writer.status !== 'ready');
  const replies = await Promise.all(Array.from({ length: 10 }, () => writer.incr('counter')));
  expect(replies).toEqual(replies.map((_, index) => index + 1));
  expect(state.handshakes).toBe(0);
}, 20_000);

test('redis.connectTimeout is the limit where it is set', async () => {
  const state = { handshakes: 0 };
  const node = await nodeThatLoses(state);
  const { writer } = await openReplication([node.endpoint], {
    hold: { timeoutMs: 600 },
    replyTimeoutMs: 50,
    redis: { connectTimeout: 60_000 },
  });
  state.handshakes = 2;
  node.dropConnections();
  await until('the handshake hangs', () => state.handshakes < 2);
  await expect(writer.incr('counter')).rejects.toMatchObject({ code: 'NOT_APPLIED' });
});
