import type { Socket } from 'node:net';
import { firstValueFrom, ReplaySubject, Subject, Subscription, type Observable } from 'rxjs';
import type { Value } from './header.js';
import { ProtocolFault } from './protocol-fault.js';
import { ReplyError } from './reply-error.js';
import { ReplyReader, type Frame } from './reply-reader.js';

export interface ConnectionOptions {
  /** Emits one open socket; unsubscribing before that cancels the attempt. */
  readonly socket$: Observable<Socket>;
  /** The error if the server closes the connection before its first reply. Default: that it is closed. */
  readonly closedAtOnce?: (() => Error) | undefined;
}

/** A request that was written but not answered. */
interface Request {
  readonly resolve: (reply: Value) => void;
  readonly reject: (error: Error) => void;
  /** Set if a push confirms it in place of a reply. */
  readonly channel?: string;
}

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'opening'; readonly attempt: Subscription; readonly reject: (error: Error) => void }
  | { readonly kind: 'open'; readonly socket: Socket; readonly requests: Request[] }
  | { readonly kind: 'closed'; readonly reason: Error };

/**
 * A connection that speaks RESP2 or RESP3, without a login. It is opened once and never reconnects. No byte that a server
 * sends does more than end it.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closed$ = new ReplaySubject<void>(1);
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #pushes$ = new Subject<string>();
  #state: State = { kind: 'new' };
  #hasAnswered = false;

  /** Resolves when either side has closed the connection. Never rejects. */
  readonly closed: Promise<void> = firstValueFrom(this.#closed$);

  /** The kind of each push that is neither a message nor a confirmation. */
  readonly pushes$: Observable<string> = this.#pushes$.asObservable();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Rejects with the reason if no socket can be opened. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state.kind !== 'new') {
        reject(this.#reason());
        return;
      }
      const attempt = new Subscription();
      this.#state = { kind: 'opening', attempt, reject };
      attempt.add(
        this.#options.socket$.subscribe({
          next: (socket) => {
            this.#begin(socket);
            resolve();
          },
          error: (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))),
          complete: () => this.#state.kind === 'opening' && this.#end(connectionClosed()),
        }),
      );
    });
  }

  /** Rejects with the error reply, or with the reason for which the connection was closed. */
  call(...command: readonly string[]): Promise<Value> {
    return this.#request(command);
  }

  /** Calls `onMessage` with every message on a channel. Resolves when the server has confirmed it. Only for RESP3. */
  subscribe(channel: string, onMessage: (message: string) => void): Promise<Value> {
    this.#listeners.set(channel, onMessage);
    return this.#request(['SUBSCRIBE', channel], channel);
  }

  /** Destroys the socket at once; `reason` tells those that wait why. */
  close(reason: Error = connectionClosed()): void {
    this.#end(reason);
  }

  #begin(socket: Socket): void {
    const reader = new ReplyReader();
    this.#state = { kind: 'open', socket, requests: [] };
    socket
      .on('data', (chunk: Buffer) => this.#read(reader, chunk))
      .on('error', (error) => this.#end(isReset(error) ? this.#lost(error) : error))
      .on('end', () => this.#end(this.#lost()))
      .on('close', () => this.#end(this.#lost()));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
  }

  #request(command: readonly string[], channel?: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#state.kind !== 'open') {
        reject(this.#reason());
        return;
      }
      this.#state.requests.push({ resolve, reject, ...(channel !== undefined && { channel }) });
      this.#state.socket.write(encode(command));
    });
  }

  #read(reader: ReplyReader, chunk: Buffer): void {
    try {
      for (const frame of reader.read(chunk)) {
        if (this.#state.kind !== 'open') {
          return;
        }
        this.#hasAnswered = true;
        this.#handle(frame, this.#state.requests);
      }
    } catch (error) {
      if (!(error instanceof ProtocolFault)) {
        throw error;
      }
      this.#end(error);
    }
  }

  #handle(frame: Frame, requests: Request[]): void {
    switch (frame.kind) {
      case 'push':
        return this.#handlePush(frame.items, requests);
      case 'error':
        return this.#handleError(new ReplyError(frame.text), requests);
      case 'reply': {
        const [request] = requests;
        if (request === undefined || request.channel !== undefined) {
          throw new ProtocolFault('RESP_UNASKED', 'the server sent a reply that nobody asked for');
        }
        requests.shift();
        return request.resolve(frame.value);
      }
      default:
        return frame satisfies never;
    }
  }

  #handlePush([kind, channel, content]: readonly Value[], requests: Request[]): void {
    const [request] = requests;
    if (kind === 'subscribe' && request?.channel !== undefined && request.channel === channel) {
      requests.shift();
      request.resolve(null);
    } else if (kind === 'message' && typeof channel === 'string' && typeof content === 'string') {
      this.#listeners.get(channel)?.(content);
    } else if (typeof kind === 'string') {
      this.#pushes$.next(kind);
    }
  }

  /** An error that answers nothing says why the server is about to close the connection. */
  #handleError(error: ReplyError, requests: Request[]): void {
    const request = requests.shift();
    if (request === undefined) {
      this.#end(error);
    } else {
      request.reject(error);
    }
  }

  #end(reason: Error): void {
    const state = this.#state;
    if (state.kind === 'closed') {
      return;
    }
    this.#state = { kind: 'closed', reason };
    if (state.kind === 'opening') {
      state.attempt.unsubscribe();
      state.reject(reason);
    }
    if (state.kind === 'open') {
      state.socket.destroy();
      state.requests.forEach(({ reject }) => reject(reason));
    }
    this.#closed$.next();
  }

  #reason(): Error {
    return this.#state.kind === 'closed' ? this.#state.reason : connectionClosed();
  }

  #lost(error: Error = connectionClosed()): Error {
    return (this.#hasAnswered ? undefined : this.#options.closedAtOnce?.()) ?? error;
  }
}

/** Finds out that a peer is gone although nothing is sent, such as behind a watcher. */
const KEEP_ALIVE_MS = 30_000;

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function connectionClosed(): Error {
  return Object.assign(new Error('Connection is closed.'), { code: 'ECONNRESET' });
}

function encode(command: readonly string[]): string {
  const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${command.length}\r\n${words.join('')}`;
}
