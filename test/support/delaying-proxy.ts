import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../lib/testing/network/listener.js';

export interface DelayingProxy {
  readonly endpoint: string;
  readonly port: number;
  /** From now on, delays everything the server sends by this time; initially 0. */
  slowTo(delayMs: number): void;
  stop(): Promise<void>;
}

/** A proxy to a server on 127.0.0.1 that makes it seem slow. It keeps the order of the replies. */
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
    // Started now, so that data that arrives together is delayed by the same time, not by the sum.
    before = Promise.all([before, delay(pace.delayMs)]).then(act);
  };
  server.on('data', (chunk) => afterDelay(() => client.writable && client.write(chunk)));
  server.once('close', () => afterDelay(() => client.destroy()));
}
