import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import { destroyLate } from '../../sockets/close-socket.js';
import type { DrainStep } from './line-step.js';

/** How many times the limit a drain may take while there is no other node to go to. */
const PATIENCE = 4;

interface DrainingOptions {
  readonly socket: Socket;
  /** Calls back as soon as no reply is missing. */
  readonly whenDrained: (callback: () => void) => Subscription;
  /** How long to wait for replies once there is another node to go to, in milliseconds. */
  readonly limitMs: number;
}

/** Closes a socket that is being left: as soon as all replies have arrived, or when the time for them is over. */
export class Draining {
  readonly #socket: Socket;
  readonly #limitMs: number;
  /** Runs since there is another node to go to. */
  #limit: { readonly to: string; readonly timer: Subscription } | undefined;

  constructor({ socket, whenDrained, limitMs }: DrainingOptions) {
    this.#socket = socket;
    this.#limitMs = limitMs;
    const draining = whenDrained(() => socket.destroy());
    socket.once('close', () => draining.unsubscribe());
    destroyLate(socket, PATIENCE * limitMs);
  }

  /** Call it when the topology changes. */
  apply(step: DrainStep): void {
    const to = step.kind === 'hurry' ? step.to : undefined;
    if (step.kind === 'close') {
      this.#socket.destroy();
    } else if (to !== this.#limit?.to) {
      this.#limit?.timer.unsubscribe();
      this.#limit = to === undefined ? undefined : { to, timer: destroyLate(this.#socket, this.#limitMs) };
    }
  }
}
