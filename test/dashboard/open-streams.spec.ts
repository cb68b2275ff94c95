import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { OpenStreams } from '../../lib/dashboard/open-streams.js';

const openResponse = () => new ServerResponse(new IncomingMessage(new Socket()));

test.each<[string, (response: ServerResponse) => unknown]>([
  ['a response of Express', (response) => response],
  ['a reply of Fastify', (raw) => ({ raw })],
])('a client that does not read delays the shutdown by a second at most: %s', async (_name, given) => {
  const streams = new OpenStreams();
  const [stuck, over] = [openResponse(), openResponse()];
  streams.add(given(stuck));
  streams.add(given(over));
  let isClosing = false;
  streams.closing$.subscribe(() => (isClosing = true));
  over.destroy();
  expect(stuck.destroyed).toBe(false);
  const shutdown = streams.beforeApplicationShutdown();
  expect(isClosing).toBe(true);
  await shutdown;
  expect(stuck.destroyed).toBe(true);
});
