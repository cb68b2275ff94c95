import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { destroyLate } from '../../lib/sockets/close-socket.js';

/** Two ends of one connection. */
async function connected(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect(port, '127.0.0.1');
  const far = await accepted;
  await once(near, 'connect');
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

/** Keeps the process from doing anything else. */
function occupy(forMs: number): void {
  const startedAt = performance.now();
  while (performance.now() - startedAt < forMs);
}

test('a reply that arrived in time is read, although the process was too busy to do so', async () => {
  const { near, far } = await connected();
  const events: string[] = [];
  near.on('data', (data) => events.push(String(data))).on('close', () => events.push('closed'));
  destroyLate(near, 20);
  far.write('reply');
  occupy(60);
  await once(near, 'close');
  expect(events).toEqual(['reply', 'closed']);
});

test('a socket that closes before the limit needs no timer any more', async () => {
  const { near } = await connected();
  let asked = 0;
  destroyLate(near, 10, () => {
    asked += 1;
    return true;
  });
  near.destroy();
  await once(near, 'close');
  const { near: other } = await connected();
  destroyLate(other, 20);
  await once(other, 'close');
  expect(asked).toBe(0);
});
