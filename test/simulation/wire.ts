import type { VirtualClock } from './clock.js';

/** A packet in one direction of a connection. */
export type Segment<Content> =
  | { readonly kind: 'data'; readonly content: Content[] }
  /** The other side sends no more. */
  | { readonly kind: 'end' }
  /** The connection is gone. */
  | { readonly kind: 'reset' };

interface WireOptions<Content> {
  readonly clock: VirtualClock;
  readonly delayMs: () => number;
  /** While blocked, nothing arrives. Afterwards all of it arrives, because TCP retransmits. */
  readonly isBlocked: () => boolean;
  readonly receive: (segment: Segment<Content>) => void;
}

/** One direction of a connection. Packets arrive delayed and in order, until the connection breaks. */
export class Wire<Content> {
  readonly #options: WireOptions<Content>;
  #travelling: { readonly segment: Segment<Content>; readonly sentAt: number; readonly dueAt: number }[] = [];
  #callOff: (() => void) | undefined;
  #lastDueAt = 0;

  constructor(options: WireOptions<Content>) {
    this.#options = options;
  }

  /** Since when the oldest packet has been waiting; `undefined` if there is none. */
  get waitingSince(): number | undefined {
    return this.#travelling[0]?.sentAt;
  }

  send(segment: Segment<Content>): void {
    const { clock, delayMs } = this.#options;
    const last = this.#travelling.at(-1);
    if (last?.sentAt === clock.now && last.segment.kind === 'data' && segment.kind === 'data') {
      last.segment.content.push(...segment.content);
      return;
    }
    this.#lastDueAt = Math.max(this.#lastDueAt, clock.now + delayMs());
    this.#travelling.push({ segment, sentAt: clock.now, dueAt: this.#lastDueAt });
    this.#schedule();
  }

  /** Drops all packets under way. */
  clear(): void {
    this.#travelling = [];
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /** To be called when the path may be free again. */
  resume(): void {
    this.#schedule();
  }

  #schedule(): void {
    const [next] = this.#travelling;
    const { clock, isBlocked } = this.#options;
    if (next !== undefined && this.#callOff === undefined && !isBlocked()) {
      this.#callOff = clock.after(Math.max(0, next.dueAt - clock.now), () => this.#deliver());
    }
  }

  #deliver(): void {
    this.#callOff = undefined;
    const { isBlocked, receive } = this.#options;
    const next = isBlocked() ? undefined : this.#travelling.shift();
    if (next !== undefined) {
      receive(next.segment);
    }
    this.#schedule();
  }
}
