import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

export interface DialCounter {
  /** Attempts to connect to this port since counting began, including refused ones. */
  to(port: number): number;
  stop(): void;
}

const channel = 'net.client.socket';

/** Counts the attempts of this process to open TCP connections: a server cannot count those that it refuses. */
export function countDials(): DialCounter {
  const dials = new Map<number, number>();
  const onSocket = (message: unknown) => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message && message.socket;
    if (!(socket instanceof Socket)) return;
    socket.on('connectionAttempt', (_address: string, port: number) =>
      dials.set(port, (dials.get(port) ?? 0) + 1),
    );
  };
  subscribe(channel, onSocket);
  return {
    to: (port) => dials.get(port) ?? 0,
    stop: () => void unsubscribe(channel, onSocket),
  };
}
