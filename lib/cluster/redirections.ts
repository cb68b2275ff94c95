import { monotonicMs } from '../clock/clock.js';
import { CONNECTION_CLOSED, NotAppliedError } from '../connections/outcomes/errors.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { RoutingTable } from './routing-table.js';
import { readRedirection, redirectionDelayMs, type Redirection } from './redirection.js';

/** What ioredis can do with a command that was answered by an error. */
export interface Handlers {
  readonly moved: (slot: number, key: string) => void;
  readonly ask: (slot: number, key: string) => void;
  readonly tryagain: () => void;
  readonly maxRedirections: (error: Error) => void;
  /** Rejects the command with the error that it was answered by. */
  readonly defaults: () => void;
}

interface Settings {
  /** Which connection serves a slot, and which leads to an address. */
  readonly table: Pick<RoutingTable, 'keyAt' | 'keyOf' | 'note'>;
  /** Asks for the slots soon, that node if one is named. */
  readonly refresh: (endpoint?: Endpoint) => void;
  /** Whether nobody closes the connection. */
  readonly isRunning: () => boolean;
  readonly limitMs: number;
}

interface Course {
  readonly since: number;
  count: number;
  state: 'open' | 'ended';
}

/** An error as ioredis passes it: of a command, or what the members of a pipeline have in common. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly command?: { readonly name?: unknown };
}

/** Leads commands to where servers say that they belong, within the time for which commands may wait. */
export class Redirections {
  readonly #settings: Settings;
  /** By an object that ioredis keeps for each command. */
  readonly #courses = new WeakMap<object, Course>();
  readonly #waiting = new Map<NodeJS.Timeout, Attempt>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Handles an error; `of` stays the same for a command. A command that has ended is never sent again. */
  handle(error: Failure, of: object, handlers: Handlers): void {
    const course = this.#courses.get(of) ?? { since: monotonicMs(), count: 0, state: 'open' };
    this.#courses.set(of, course);
    const redirection = this.#read(error);
    if (redirection !== undefined) {
      this.#redirect(redirection, { error, course, handlers });
    } else {
      course.state = 'ended';
      handlers.defaults();
    }
  }

  /** Ends what waits to be sent again. Call it when the cluster sends nothing any more. */
  end(): void {
    for (const [timer, { error, handlers }] of this.#waiting) {
      clearTimeout(timer);
      if (error instanceof Error) {
        handlers.maxRedirections(notApplied(error, CONNECTION_CLOSED));
      } else {
        // A pipeline can be ended at once only; later it has to be issued again, to be refused.
        handlers.tryagain();
      }
    }
    this.#waiting.clear();
  }

  #redirect(redirection: Redirection, attempt: Attempt): void {
    const { error, course, handlers } = attempt;
    const { refresh, table, limitMs } = this.#settings;
    if (monotonicMs() - course.since > limitMs) {
      course.state = 'ended';
      const reason = `redirected for ${limitMs} ms; the last answer was: ${error.message}`;
      handlers.maxRedirections(notApplied(error, reason));
      return;
    }
    course.count += 1;
    const to = redirection.kind === 'later' ? undefined : redirection.to;
    const isKnown = to !== undefined && table.keyAt(to) !== undefined;
    refresh(isKnown ? undefined : to);
    const delayMs = redirectionDelayMs(redirection, course.count);
    if (delayMs === 0 && isKnown) {
      this.#follow(redirection, handlers);
      return;
    }
    const timer = setTimeout(
      () => {
        this.#waiting.delete(timer);
        if (course.state === 'open') {
          this.#follow(redirection, handlers);
        }
      },
      Math.max(delayMs, LEARNING_MS),
    );
    this.#waiting.set(timer, attempt);
  }

  #follow(redirection: Redirection, handlers: Handlers): void {
    const { table } = this.#settings;
    if (redirection.kind === 'later') {
      handlers.tryagain();
      return;
    }
    const { kind, slot, to } = redirection;
    table.note(redirection);
    const key = (to && table.keyAt(to)) ?? table.keyOf(slot);
    if (key === undefined) {
      handlers.tryagain();
    } else {
      handlers[kind](slot, key);
    }
  }

  /** A command whose shard left the cluster while it waited was not sent, and belongs to another shard by now. */
  #read({ name, message }: Failure): Redirection | undefined {
    const isHomeless =
      name === 'NotAppliedError' && message === CONNECTION_CLOSED && this.#settings.isRunning();
    return OUTCOMES.has(name) ? (isHomeless ? { kind: 'later' } : undefined) : readRedirection(message);
  }
}

interface Attempt {
  readonly error: Failure;
  readonly course: Course;
  readonly handlers: Handlers;
}

/** The least time for which a command waits while it is learned where an address belongs. */
const LEARNING_MS = 5;

/** By name, because a pipeline passes only the name and the message of an error. */
const OUTCOMES = new Set(['NotAppliedError', 'UnknownOutcomeError']);

function notApplied({ command }: Pick<Failure, 'command'>, reason: string): NotAppliedError {
  const name = typeof command?.name === 'string' ? command.name : 'pipeline';
  return new NotAppliedError({ command: name, generation: 0, reason });
}
