import type { Socket } from 'node:net';
import { monotonicMs } from '../../clock/clock.js';

export type Direction = 'toServer' | 'toClient';

/** The local ports by which the two ends tell one connection from another. */
export interface LinkPorts {
  readonly clientPort: number | undefined;
  /** That of the proxy, as the server sees it. */
  readonly serverPort: number | undefined;
}

/** What becomes of the bytes in one direction at this moment. */
export interface Flow {
  readonly isLost: boolean;
  /** Infinity: until something changes. */
  readonly delayMs: number;
}

export interface Link {
  readonly ports: LinkPorts;
  /** Destroys both ends. */
  cut(): void;
  /** Passes on what was held back and need not wait any more: the closing of an end, and bytes that were late. */
  catchUp(): void;
}

export interface Ends {
  readonly client: Socket;
  readonly server: Socket;
  /** Changes what the server sends. */
  readonly rewrite: (reply: Buffer) => Buffer;
}

/** Joins the two ends of a connection through a proxy. `flowOf` is asked at each piece of data. */
export function joinSockets(
  { client, server, rewrite }: Ends,
  flowOf: (direction: Direction, ports: LinkPorts) => Flow,
): Link {
  const ports = {
    get clientPort() {
      return client.remotePort;
    },
    get serverPort() {
      return server.localPort;
    },
  };
  const pipes = [
    pipe(client, { to: server, pass: (chunk) => chunk }, () => flowOf('toServer', ports)),
    pipe(server, { to: client, pass: rewrite }, () => flowOf('toClient', ports)),
  ];
  return {
    ports,
    cut() {
      client.destroy();
      server.destroy();
    },
    catchUp: () => pipes.forEach((each) => each.catchUp()),
  };
}

interface Outlet {
  readonly to: Socket;
  readonly pass: (chunk: Buffer) => Buffer;
}

function pipe(from: Socket, { to, pass }: Outlet, flow: () => Flow): Pick<Link, 'catchUp'> {
  const queue = createQueue();
  const later = (act: () => void) => queue.add(act, flow().delayMs);
  const passOnClose = () => {
    if (from.closed && !flow().isLost) {
      later(() => to.destroySoon());
    }
  };
  from.on('data', (chunk: Buffer) => {
    if (!flow().isLost) {
      later(() => to.writable && to.write(pass(chunk)));
    }
  });
  from.once('close', passOnClose);
  to.once('close', () => queue.clear());
  return {
    catchUp() {
      if (flow().delayMs === 0) {
        queue.flush();
      }
      passOnClose();
    },
  };
}

/** Acts in the order in which they were added, each once its time has come. */
function createQueue() {
  let waiting: readonly { readonly at: number; readonly act: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const runUntil = (now: number) => {
    while (waiting[0] !== undefined && waiting[0].at <= now) {
      const [first, ...rest] = waiting;
      waiting = rest;
      first?.act();
    }
    clearTimeout(timer);
    const at = waiting[0]?.at ?? Infinity;
    timer = at === Infinity ? undefined : setTimeout(() => runUntil(monotonicMs()), at - monotonicMs());
  };
  return {
    add(act: () => void, delayMs: number) {
      if (waiting.length === 0 && delayMs === 0) {
        act();
        return;
      }
      waiting = [...waiting, { at: monotonicMs() + delayMs, act }];
      if (waiting.length === 1) {
        runUntil(-Infinity);
      }
    },
    flush: () => runUntil(Infinity),
    clear() {
      clearTimeout(timer);
      waiting = [];
    },
  };
}
