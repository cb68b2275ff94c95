import type { ControlConnection } from '../observers/control-connection.js';
import { countCrowd, guessCrowd, type Crowd } from './fleet-size.js';
import { isForbidden } from '../replies/is-forbidden.js';
import type { ObserverContext } from '../observers/observer-context.js';
import { parseHello } from '../replies/parse-hello.js';
import { parseInfo } from '../replies/parse-info.js';

/** Apps that start together find one another by counting often at first, and ever more rarely then. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 10_000;

/**
 * The place of this app among all that watch the same node: on one connection it hears what they announce, counts them,
 * and announces what it has found itself. It has no timer of its own, but goes along with the looks.
 */
export class FleetSeat {
  readonly #connection: ControlConnection;
  readonly #context: ObserverContext;
  readonly #server: string;
  /** By what the apps are counted, best first; one that is forbidden gives way to the next. */
  #census: 'listeners' | 'clients' | 'nothing' = 'clients';
  #pauseMs = FIRST_PAUSE_MS;
  #dueAt = Infinity;

  /** `server` tells the server process at the other end of the connection, where it is known. */
  constructor(connection: ControlConnection, context: ObserverContext, server = '') {
    this.#connection = connection;
    this.#context = context;
    this.#server = server;
  }

  /** Listens from now on. Never rejects. */
  async join(): Promise<void> {
    try {
      await this.#listen();
    } catch {
      // Without `HELLO`, or closed: nobody is heard on this connection.
    }
    this.#dueAt = 0;
    this.goAlong();
  }

  /** To be called after every look. */
  goAlong(): void {
    const now = this.#context.scheduler.now();
    if (now >= this.#dueAt) {
      this.#dueAt = now + this.#pauseMs;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LAST_PAUSE_MS);
      this.#count();
    }
  }

  /** Tells all who listen on this node. Never rejects. */
  async announce(news: string): Promise<void> {
    const told = this.#connection.call('PUBLISH', this.#context.channel, `${this.#server} ${news}`);
    if ((await permitted(told).catch(() => undefined)) === 'forbidden') {
      this.#standAside();
      this.#count();
    }
  }

  async #listen(): Promise<void> {
    // Of a subscriber that speaks RESP2 a server takes hardly any other command.
    if (parseHello(await this.#connection.call('HELLO')).protocol !== '3') {
      return;
    }
    const listening = this.#connection.subscribe(this.#context.channel, (message) => this.#hear(message));
    if ((await permitted(listening)) === 'forbidden') {
      this.#standAside();
    } else {
      this.#census = 'listeners';
    }
  }

  /** A master passes what is published on it to its replicas; who listens there is told by the master itself. */
  #hear(message: string): void {
    const [server, ...news] = message.split(' ');
    if (server === this.#server) {
      this.#context.heard(news.join(' '));
    }
  }

  #count(): void {
    const { counted } = this.#context;
    // A connection that was closed says nothing of how many there are.
    this.#takeCensus().then(counted, () => undefined);
  }

  async #takeCensus(): Promise<Crowd> {
    const { call } = this.#connection;
    if (this.#census === 'listeners') {
      const reply = await permitted(call('PUBSUB', 'NUMSUB', this.#context.channel));
      if (reply !== 'forbidden') {
        return countCrowd(reply);
      }
      this.#standAside();
    }
    if (this.#census === 'clients') {
      const reply = await permitted(call('INFO', 'clients'));
      if (reply !== 'forbidden') {
        return guessCrowd(parseInfo(String(reply)).get('connected_clients'));
      }
      this.#census = 'nothing';
    }
    return { kind: 'unknown' };
  }

  /** What others announce cannot be counted on any more. */
  #standAside(): void {
    const { channel, notify } = this.#context;
    this.#census = this.#census === 'listeners' ? 'clients' : this.#census;
    notify(
      `the user may not use the channel "${channel}" (SUBSCRIBE, PUBLISH, PUBSUB NUMSUB): apps cannot tell one another ` +
        'of a promotion, and each looks more rarely the more clients the node has',
    );
  }
}

async function permitted<T>(reply: Promise<T>): Promise<T | 'forbidden'> {
  try {
    return await reply;
  } catch (error) {
    if (isForbidden(error)) {
      return 'forbidden';
    }
    throw error;
  }
}
