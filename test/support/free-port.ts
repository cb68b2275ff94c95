import { createServer } from 'node:net';

/**
 * Ports are taken below the range that Linux and macOS give to outgoing connections. Inside it, a client that
 * retries a closed port can be given that very port and connect to itself, and another connection can take
 * the port of a server between its stop and its restart.
 */
const lowest = 15_000;
const highest = 32_000;
const attempts = 50;

/** A TCP port that is free at all of these addresses; another process may still take it first. */
export async function findFreePort(hosts: readonly string[] = ['127.0.0.1']): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    const free = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`No free port found between ${lowest} and ${highest}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
