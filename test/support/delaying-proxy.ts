import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from './listener.js';

export interface DelayingProxy {
  readonly endpoint: string;
  readonly port: number;
  /** Whatever the server says reaches the client so much later from now on; 0 at first. */
  slowTo(delayMs: number): void;
  stop(): Promise<void>;
}

/** Stands before a server on 127.0.0.1 and makes it seem slow. The order of what it says is kept. */
export async function startDelayingProxy(targetPort: number): Promise<DelayingProxy> {
  const pace = { delayMs: 0 };
  const listener = await listen((client) => {
    const server = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    // A refused or reset connection is passed on as a close.
    server.on('error', () => undefined);
    client.on('data', (chunk) => server.write(chunk));
    client.once('close', () => server.destroy());
    passOnLate(server, client, pace);
  });
  return {
    endpoint: listener.endpoint,
    port: listener.port,
    slowTo: (delayMs) => void (pace.delayMs = delayMs),
    stop: () => listener.stop(),
  };
}

function passOnLate(server: Socket, client: Socket, pace: { readonly delayMs: number }): void {
  let before: Promise<unknown> = Promise.resolve();
  const afterDelay = (act: () => void) => {
    // Begun now, so that what arrives together is late by the same time, not by the sum.
    before = Promise.all([before, delay(pace.delayMs)]).then(act);
  };
  server.on('data', (chunk) => afterDelay(() => client.writable && client.write(chunk)));
  server.once('close', () => afterDelay(() => client.destroy()));
}
