import { createSocket } from 'node:dgram';

/**
 * Keeps a port from all others on this machine that look for one by `findFreePort`, until it is released or the process ends,
 * also while the server on it is down for a moment: its number is taken in UDP, which no server here speaks.
 * Resolves with `undefined` where somebody else has it.
 */
export function reservePort(host: string, port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    let isOpen = true;
    const release = () => {
      if (isOpen) socket.close();
      isOpen = false;
    };
    socket.once('error', () => resolve(undefined));
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.unref();
      resolve(release);
    });
  });
}
