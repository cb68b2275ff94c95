import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ReplaySubject, type Observable } from 'rxjs';

/** How long a client that does not read may delay the shutdown. */
const PATIENCE_MS = 1000;

/** The responses that stay open until their clients close them. */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly open = new Set<Writable>();
  private readonly shutdown$ = new ReplaySubject<void>(1);
  /** Emits when the app begins to shut down: streams must complete then. */
  readonly closing$: Observable<void> = this.shutdown$.asObservable();

  /** Takes the response of Express or the reply of Fastify. */
  add(response: unknown): void {
    const raw: unknown =
      typeof response === 'object' && response !== null && 'raw' in response ? response.raw : response;
    if (isServerResponse(raw)) {
      this.open.add(raw);
      raw.once('close', () => this.open.delete(raw));
    }
  }

  /** Waits for the streams to end, because the server immediately closes only idle connections. */
  async beforeApplicationShutdown(): Promise<void> {
    const streams = [...this.open];
    const ended = Promise.all(streams.map((response) => once(response, 'close')));
    this.shutdown$.next();
    await Promise.race([ended, delay(PATIENCE_MS, undefined, { ref: false })]);
    this.open.forEach((response) => response.destroy());
  }
}

function isServerResponse(value: unknown): value is Writable {
  return value instanceof ServerResponse;
}
