import { createRequestDecoder } from '../support/resp.js';
import { AppSocket } from './app-socket.js';
import type { VirtualClock } from './clock.js';
import { opOf, type History } from './history.js';
import { Wire, type Segment } from './wire.js';

/** What a server does with its end of a connection. */
export interface ServerEnd {
  readonly receive: (requests: readonly string[][]) => void;
  /** The app will send nothing more, or is gone. */
  readonly end: () => void;
}

/** The way between the app and one node. */
export interface Path {
  readonly delayMs: () => number;
  readonly isBlocked: (direction: 'to node' | 'from node') => boolean;
  /** How long the system of the app tries to get bytes across before it gives the connection up. */
  readonly giveUpMs: number;
}

interface ConnectionOptions {
  readonly id: number;
  readonly node: string;
  readonly path: Path;
  readonly clock: VirtualClock;
  readonly history: History;
  readonly onClosed: () => void;
}

/** A simulated TCP connection from the app to a node: bytes arrive in order, late, all up to a moment, or not at all. */
export class Connection {
  readonly id: number;
  readonly socket: AppSocket;
  readonly #options: ConnectionOptions;
  readonly #up: Wire<string[]>;
  readonly #down: Wire<string>;
  #server: ServerEnd | undefined;
  #appSays: 'open' | 'ended' | 'gone' = 'open';
  #isNursed = false;

  constructor(options: ConnectionOptions) {
    const { id, node, path, clock } = options;
    const decode = createRequestDecoder();
    this.id = id;
    this.#options = options;
    this.#up = new Wire({
      clock,
      delayMs: path.delayMs,
      isBlocked: () => path.isBlocked('to node'),
      receive: (segment) => this.#arriveAtNode(segment),
    });
    this.#down = new Wire({
      clock,
      delayMs: path.delayMs,
      isBlocked: () => path.isBlocked('from node'),
      receive: (segment) => this.#arriveAtApp(segment),
    });
    this.socket = new AppSocket(node, {
      write: (chunk) => this.#write(decode(chunk)),
      end: () => this.#endApp('ended'),
      destroy: () => this.#endApp('gone'),
    });
  }

  /** The server has accepted it. */
  accept(server: ServerEnd): void {
    this.#server = server;
  }

  send(text: string): void {
    if (this.#server !== undefined) {
      this.#down.send({ kind: 'data', content: [text] });
    }
  }

  /** The server closes it, and lets the app know. */
  close(how: 'end' | 'reset' = 'end'): void {
    if (this.#server !== undefined) {
      this.#server = undefined;
      this.#down.send({ kind: how });
    }
  }

  /** The server forgets it, without a word: as when its machine loses power. */
  forget(): void {
    this.#server = undefined;
    this.#down.clear();
  }

  /** Something on the way cuts it off in both directions. */
  cut(): void {
    this.#up.clear();
    this.#down.clear();
    this.#server?.end();
    this.#server = undefined;
    this.#down.send({ kind: 'reset' });
  }

  /** The way has changed. */
  resume(): void {
    this.#up.resume();
    this.#down.resume();
    this.#nurse();
  }

  #write(requests: readonly string[][]): void {
    const { history, node } = this.#options;
    for (const request of requests) {
      const op = opOf(request);
      if (op !== undefined) {
        history.add({ kind: 'written', op, connection: this.id, node });
      }
    }
    this.#up.send({ kind: 'data', content: [...requests] });
    this.#nurse();
  }

  #endApp(state: 'ended' | 'gone'): void {
    if (this.#appSays === 'open') {
      this.#up.send({ kind: 'end' });
    }
    if (state === 'gone' && this.#appSays !== 'gone') {
      this.#down.clear();
      this.#options.onClosed();
    }
    this.#appSays = this.#appSays === 'gone' ? 'gone' : state;
  }

  #arriveAtNode(segment: Segment<string[]>): void {
    const server = this.#server;
    if (server === undefined) {
      this.#down.send({ kind: 'reset' });
    } else if (segment.kind === 'data') {
      server.receive(segment.content);
    } else {
      server.end();
    }
  }

  #arriveAtApp(segment: Segment<string>): void {
    if (this.#appSays === 'gone') {
      return;
    }
    if (segment.kind === 'data') {
      this.socket.push(Buffer.from(segment.content.join('')));
    } else if (segment.kind === 'end') {
      this.socket.push(null);
      // As a socket of the operating system: without it the end would wait for somebody to read.
      this.socket.read(0);
    } else {
      this.socket.destroy(systemError('ECONNRESET', 'read ECONNRESET'));
    }
  }

  /** What cannot be delivered for too long ends the connection. */
  #nurse(): void {
    const { path, clock } = this.#options;
    const since = this.#up.waitingSince;
    if (this.#isNursed || since === undefined || !path.isBlocked('to node')) {
      return;
    }
    this.#isNursed = true;
    clock.after(Math.max(0, since + path.giveUpMs - clock.now), () => {
      this.#isNursed = false;
      const waiting = this.#up.waitingSince;
      if (waiting !== undefined && clock.now - waiting >= path.giveUpMs) {
        this.#up.clear();
        this.socket.destroy(systemError('ETIMEDOUT', 'read ETIMEDOUT'));
      } else {
        this.#nurse();
      }
    });
  }
}

export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
