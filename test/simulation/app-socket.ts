import { Socket } from 'node:net';

/** Receives what the app does with a socket. */
interface AppEnd {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => void;
  readonly destroy: () => void;
}

/** The app's end of a simulated connection: a real stream that uses no socket of the operating system. */
export class AppSocket extends Socket {
  readonly server: string;
  readonly #end: AppEnd;

  constructor(server: string, end: AppEnd) {
    super();
    this.server = server;
    this.#end = end;
  }

  override _read(): void {
    // Bytes are pushed as they arrive.
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.#end.write(Buffer.from(chunk));
    done();
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: () => void): void {
    chunks.forEach(({ chunk }) => this.#end.write(Buffer.from(chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.#end.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end.destroy();
    done(error);
    // `Socket` leaves that to itself.
    process.nextTick(() => this.emit('close', error !== null));
  }

  override setTimeout(): this {
    return this;
  }

  override setNoDelay(): this {
    return this;
  }

  override setKeepAlive(): this {
    return this;
  }
}
