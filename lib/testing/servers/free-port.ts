import { createServer } from 'node:net';
import { reservePort } from './reserve-port.js';

/**
 * Ports are taken below the range that Linux and macOS give to outgoing connections. Inside it, a client that
 * retries a closed port can be given that very port and connect to itself, and another connection can take
 * the port of a server between its stop and its restart.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;
/** Each worker of the test runner has ports of its own: those that are congruent to its number. */
const WORKERS = 8;
const WORKER = Number(process.env['VITEST_POOL_ID'] ?? process.env['JEST_WORKER_ID'] ?? '0') % WORKERS;
const COUNT = Math.floor((HIGHEST - LOWEST) / WORKERS);
const ATTEMPTS = 50;

/** Begins anywhere, because a second run may be under way on this machine. */
let turn = Math.floor(Math.random() * COUNT);

/**
 * A TCP port that is free and not reserved at all of these addresses, and was not given to anybody else in this process
 * lately, so that servers that start at the same time, or that are down for a moment, do not meet.
 */
export async function findFreePort(hosts: readonly string[] = ['127.0.0.1']): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    turn = (turn + 1) % COUNT;
    const port = LOWEST + turn * WORKERS + WORKER;
    const free = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`No free port found between ${LOWEST} and ${HIGHEST}`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const release = await reservePort(host, port);
  release?.();
  return release !== undefined && (await isClosed(host, port));
}

function isClosed(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
