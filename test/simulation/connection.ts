import { createRequestDecoder } from '../support/resp.js';
import { AppSocket } from './app-socket.js';
import type { VirtualClock } from './clock.js';
import { opOf, type History } from './history.js';
import { Wire, type Segment } from './wire.js';

/** Receives the events of the server's end of a connection. */
export interface ServerEnd {
  readonly receive: (requests: readonly string[][]) => void;
  /** The app sends no more, or is gone. */
  readonly end: () => void;
}

/** The network path between the app and one node. */
export interface Path {
  readonly delayMs: () => number;
  readonly isBlocked: (direction: 'to node' | 'from node') => boolean;
  /** How long the app's operating system retransmits before it closes the connection. */
  readonly giveUpMs: number;
}

interface ConnectionOptions {
  readonly id: number;
  /** The name or address that the app has dialled. */
  readonly node: string;
  /** Where that led. */
  readonly server: string;
  readonly path: Path;
  readonly clock: VirtualClock;
  readonly history: History;
  readonly onClosed: () => void;
}

/** A simulated TCP connection from the app to a node. Bytes arrive in order and delayed, until the connection breaks. */
export class Connection {
  readonly id: number;
  readonly socket: AppSocket;
  readonly #options: ConnectionOptions;
  readonly #up: Wire<string[]>;
  readonly #down: Wire<string>;
  #server: ServerEnd | undefined;
  #appSide: 'open' | 'ended' | 'gone' = 'open';
  #isNursed = false;

  constructor(options: ConnectionOptions) {
    const { id, server, path, clock } = options;
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
    this.socket = new AppSocket(server, {
      write: (chunk) => this.#write(decode(chunk)),
      end: () => this.#endApp('ended'),
      destroy: () => this.#endApp('gone'),
    });
  }

  /** Whether the app has not given it up. */
  get isOpen(): boolean {
    return this.#appSide !== 'gone';
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

  /** The server closes the connection, and the app receives the close. */
  close(how: 'end' | 'reset' = 'end'): void {
    if (this.#server !== undefined) {
      this.#server = undefined;
      this.#down.send({ kind: how });
    }
  }

  /** The server drops the connection without a close, as when its machine loses power. */
  forget(): void {
    this.#server = undefined;
    this.#down.clear();
  }

  /** The network breaks the connection in both directions. */
  cut(): void {
    this.#up.clear();
    this.#down.clear();
    this.#server?.end();
    this.#server = undefined;
    this.#down.send({ kind: 'reset' });
  }

  /** To be called when the network path has changed. */
  resume(): void {
    this.#up.resume();
    this.#down.resume();
    this.#nurse();
  }

  #write(requests: readonly string[][]): void {
    const { history, node, server } = this.#options;
    for (const request of requests) {
      const op = opOf(request);
      if (op !== undefined) {
        history.add({ kind: 'written', op, connection: this.id, node, server });
      }
    }
    this.#up.send({ kind: 'data', content: [...requests] });
    this.#nurse();
  }

  #endApp(state: 'ended' | 'gone'): void {
    if (this.#appSide === 'open') {
      this.#up.send({ kind: 'end' });
    }
    if (state === 'gone' && this.#appSide !== 'gone') {
      this.#down.clear();
      this.#options.onClosed();
    }
    this.#appSide = this.#appSide === 'gone' ? 'gone' : state;
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
    if (this.#appSide === 'gone') {
      return;
    }
    if (segment.kind === 'data') {
      this.socket.push(Buffer.from(segment.content.join('')));
    } else if (segment.kind === 'end') {
      this.socket.push(null);
      // As a socket of the operating system does; otherwise `end` would wait for a reader.
      this.socket.read(0);
    } else {
      this.socket.destroy(systemError('ECONNRESET', 'read ECONNRESET'));
    }
  }

  /** Closes the connection if its bytes cannot be delivered for too long. */
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
