import { Subscription, type SchedulerLike } from 'rxjs';
import { isForbidden } from '../replies/is-forbidden.js';
import { parseHello } from '../replies/parse-hello.js';
import { parseInfo } from '../replies/parse-info.js';
import { countSubscribers, estimateFleetSize, type FleetSize } from './fleet-size.js';
import type { NodeFleet } from './node-fleet.js';

/** Apps that start together count one another often at first, then ever more rarely. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 10_000;

/** The connection on which an app takes part in the fleet of a node. */
interface FleetConnection {
  readonly call: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
}

interface MembershipOptions {
  readonly connection: FleetConnection;
  readonly fleet: NodeFleet;
  /** The channel on which the apps of the fleet publish. */
  readonly channel: string;
  /** Identifies the server process at the other end of the connection; empty where it is not known. */
  readonly server: string;
  readonly scheduler: SchedulerLike;
  /** Something an operator should know once. */
  readonly notify: (text: string) => void;
}

/**
 * Takes part in the fleet of one node, over one connection: receives announcements, publishes those of this app, and
 * counts the members. It has no timer of its own: it counts after a probe.
 */
export class FleetMembership {
  readonly #options: MembershipOptions;
  /** What the apps are counted by, best first. What is forbidden gives way to the next. */
  #countedBy: 'subscribers' | 'clients' | 'nothing' = 'clients';
  #pauseMs = FIRST_PAUSE_MS;
  #countDueAt = Infinity;
  #publishing = Subscription.EMPTY;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async join(): Promise<void> {
    this.#publishing = this.#options.fleet.announcements$.subscribe((id) => void this.#publish(id));
    try {
      await this.#subscribe();
    } catch {
      // `HELLO` is unknown or the connection is closed: no announcement arrives on this connection.
    }
    this.#countDueAt = 0;
    this.afterProbe();
  }

  leave(): void {
    this.#publishing.unsubscribe();
  }

  /** Call it after every probe. */
  afterProbe(): void {
    const now = this.#options.scheduler.now();
    if (now >= this.#countDueAt) {
      this.#countDueAt = now + this.#pauseMs;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LAST_PAUSE_MS);
      this.#count();
    }
  }

  async #publish(promotionId: string): Promise<void> {
    const { connection, channel, server } = this.#options;
    const published = connection.call('PUBLISH', channel, `${server} ${promotionId}`);
    if ((await permitted(published).catch(() => undefined)) === 'forbidden') {
      this.#giveUpChannel();
      this.#count();
    }
  }

  async #subscribe(): Promise<void> {
    const { connection, channel } = this.#options;
    // A RESP2 connection that subscribes may run hardly any other command.
    if (parseHello(await connection.call('HELLO')).protocol !== '3') {
      return;
    }
    const subscribed = connection.subscribe(channel, (message) => this.#receive(message));
    if ((await permitted(subscribed)) === 'forbidden') {
      this.#giveUpChannel();
    } else {
      this.#countedBy = 'subscribers';
    }
  }

  /** A master passes messages on to its replicas, so only those that were published on this very server count. */
  #receive(message: string): void {
    const [server, ...promotionId] = message.split(' ');
    if (server === this.#options.server) {
      this.#options.fleet.receive(promotionId.join(' '));
    }
  }

  #count(): void {
    const { fleet } = this.#options;
    this.#countApps().then(
      (size) => fleet.resize(size),
      // A connection that was closed does not tell how many apps there are.
      () => undefined,
    );
  }

  async #countApps(): Promise<FleetSize> {
    const { connection, channel } = this.#options;
    if (this.#countedBy === 'subscribers') {
      const reply = await permitted(connection.call('PUBSUB', 'NUMSUB', channel));
      if (reply !== 'forbidden') {
        return countSubscribers(reply);
      }
      this.#giveUpChannel();
    }
    if (this.#countedBy === 'clients') {
      const reply = await permitted(connection.call('INFO', 'clients'));
      if (reply !== 'forbidden') {
        return estimateFleetSize(parseInfo(String(reply)).get('connected_clients'));
      }
      this.#countedBy = 'nothing';
    }
    return { kind: 'unknown' };
  }

  /** Announcements of others may not arrive, so this app no longer relies on them. */
  #giveUpChannel(): void {
    const { channel, notify } = this.#options;
    this.#countedBy = this.#countedBy === 'subscribers' ? 'clients' : this.#countedBy;
    notify(
      `the user may not use the channel "${channel}" (SUBSCRIBE, PUBLISH, PUBSUB NUMSUB): apps cannot tell one another ` +
        'of a promotion, and each probes more rarely the more clients the node has',
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
