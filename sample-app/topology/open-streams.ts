import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ReplaySubject, type Observable } from 'rxjs';

/** How long a client that does not read may delay the shutdown. */
const patienceMs = 1000;

/** The responses that stay open until their clients close them. */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly open = new Set<ServerResponse>();
  private readonly shutdown$ = new ReplaySubject<void>(1);
  /** Emits when the app begins to shut down: streams must complete then. */
  readonly closing$: Observable<void> = this.shutdown$.asObservable();

  add(response: ServerResponse): void {
    this.open.add(response);
    response.once('close', () => this.open.delete(response));
  }

  /** Waits for the streams to end, because the server immediately closes only idle connections. */
  async beforeApplicationShutdown(): Promise<void> {
    const streams = [...this.open];
    const ended = Promise.all(streams.map((response) => once(response, 'close')));
    this.shutdown$.next();
    await Promise.race([ended, delay(patienceMs, undefined, { ref: false })]);
    this.open.forEach((response) => response.destroy());
  }
}
