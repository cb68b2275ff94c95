import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { CrowdOrder } from './crowd.js';

/** As many as a server accepts at once. */
const atOnce = 250;

async function open({ host, port }: CrowdOrder): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  // The server may be killed; what it sends is of no interest.
  return socket.on('error', () => undefined).resume();
}

async function openAll(order: CrowdOrder): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < order.size) {
    const missing = Math.min(atOnce, order.size - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: missing }, () => open(order)))));
  }
  return sockets;
}

function repeat(
  sockets: readonly Socket[],
  { command, perSecond }: NonNullable<CrowdOrder['repeated']>,
): void {
  const beganAt = performance.now();
  let said = 0;
  setInterval(() => {
    for (const due = ((performance.now() - beganAt) * perSecond) / 1000; said < due; said++) {
      sockets[said % sockets.length]?.write(`${command.replace('#', String(said))}\r\n`);
    }
  }, 1);
}

process.once('message', (order: CrowdOrder) => {
  void openAll(order).then((sockets) => {
    if (order.greeting !== undefined) sockets.forEach((socket) => socket.write(`${order.greeting}\r\n`));
    if (order.repeated !== undefined) repeat(sockets, order.repeated);
    process.send?.('open');
  });
});
process.once('disconnect', () => process.exit());
