export interface QueuedEvent {
  at: number;
  /** Set by the queue, so that events with the same time run in the order in which they were added. */
  order: number;
}

/** Events in order of time: a binary heap. */
export class EventQueue<Event extends QueuedEvent> {
  readonly #heap: Event[] = [];
  #added = 0;

  add(event: Event): void {
    this.#added += 1;
    event.order = this.#added;
    let hole = this.#heap.push(event) - 1;
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || isBefore(parent, event)) {
        break;
      }
      this.#heap[hole] = parent;
      hole = above;
    }
    this.#heap[hole] = event;
  }

  /** The next event, if it is due by `limit`. */
  takeUntil(limit: number): Event | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > limit) {
      return undefined;
    }
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#sink(last);
    }
    return first;
  }

  #sink(event: Event): void {
    let hole = 0;
    for (let child = this.#smallerChild(hole); child !== undefined; child = this.#smallerChild(hole)) {
      const below = this.#heap[child];
      if (below === undefined || isBefore(event, below)) {
        break;
      }
      this.#heap[hole] = below;
      hole = child;
    }
    this.#heap[hole] = event;
  }

  #smallerChild(parent: number): number | undefined {
    const left = this.#heap[2 * parent + 1];
    const right = this.#heap[2 * parent + 2];
    if (left === undefined) {
      return undefined;
    }
    return right === undefined || isBefore(left, right) ? 2 * parent + 1 : 2 * parent + 2;
  }
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
