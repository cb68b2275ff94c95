import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { EventQueue, type QueuedEvent } from '../simulation/event-queue.js';

interface Due extends QueuedEvent {
  readonly run: () => void;
}

/** A clock that the test moves, for many thousands of timers. The one of RxJS sorts all timers whenever one is added. */
export class HeapScheduler implements SchedulerLike {
  readonly #queue = new EventQueue<Due>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delayMs = 0, state?: T): Subscription {
    const action: SchedulerAction<T> = Object.assign(new Subscription(), {
      schedule: (): Subscription => {
        throw new Error('This scheduler does not repeat actions');
      },
    });
    const run = () => {
      if (!action.closed) work.call(action, state);
    };
    this.#queue.add({ at: this.#now + delayMs, order: 0, run });
    return action;
  }

  /** Runs everything that is due up to and including this moment. */
  runTo(ms: number): void {
    for (let due = this.#queue.takeUntil(ms); due !== undefined; due = this.#queue.takeUntil(ms)) {
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = ms;
  }
}
