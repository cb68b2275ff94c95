import type { VirtualClock } from './clock.js';

/** What travels in one direction of a connection. */
export type Segment<Content> =
  | { readonly kind: 'data'; readonly content: Content[] }
  /** The other side will send no more. */
  | { readonly kind: 'end' }
  /** The connection is no more. */
  | { readonly kind: 'reset' };

interface WireOptions<Content> {
  readonly clock: VirtualClock;
  readonly delayMs: () => number;
  /** While blocked nothing arrives; what was sent meanwhile arrives when it is over, as TCP sends it again. */
  readonly isBlocked: () => boolean;
  readonly receive: (segment: Segment<Content>) => void;
}

/** One direction of a connection: what is sent arrives later, in order, all of it up to a moment. */
export class Wire<Content> {
  readonly #options: WireOptions<Content>;
  #travelling: { readonly segment: Segment<Content>; readonly sentAt: number; readonly dueAt: number }[] = [];
  #callOff: (() => void) | undefined;
  #lastDueAt = 0;

  constructor(options: WireOptions<Content>) {
    this.#options = options;
  }

  /** Since when something waits to be delivered, if anything does. */
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

  /** Forgets what is under way. */
  clear(): void {
    this.#travelling = [];
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /** To be called when the way may be free again. */
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
