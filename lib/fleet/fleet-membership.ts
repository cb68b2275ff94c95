import { Subscription, type SchedulerLike } from 'rxjs';
import { isForbidden } from '../replies/is-forbidden.js';
import { parseHello } from '../replies/parse-hello.js';
import { parseInfo } from '../replies/parse-info.js';
import { readMessage, writeMessage } from './announcements.js';
import { believeSubscribers, countSubscribers, estimateFleetSize, type FleetSize } from './fleet-size.js';
import type { NodeFleet } from './node-fleet.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

/** Apps that start together count one another often at first, then less and less often. */
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
  /** Reports, once, something that an operator should know. */
  readonly notify: (told: LogLine, code: LogCode) => void;
}

/**
 * Takes part in the fleet of one node, over one connection: receives announcements, publishes those of this app, and
 * counts the members. It has no timer of its own: it counts after a probe.
 */
export class FleetMembership {
  readonly #options: MembershipOptions;
  #countedBy: 'subscribers' | 'clients' = 'clients';
  #mayAskForClients = true;
  #pauseMs = FIRST_PAUSE_MS;
  #countDueAt = Infinity;
  #publishing = Subscription.EMPTY;
  /** How many announcements the node has not answered. */
  #unanswered = 0;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** A server that defers writes, as one that hands over, defers `PUBLISH` and all that comes after it on the connection. */
  get isPublishing(): boolean {
    return this.#unanswered > 0;
  }

  /** Never rejects. */
  async join(): Promise<void> {
    this.#publishing = this.#options.fleet.announcements$.subscribe((id) => void this.#publish(id));
    try {
      await this.#subscribe();
    } catch {
      // `HELLO` is unknown or the connection is closed, so no announcement can arrive on this connection.
    }
    this.#countDueAt = 0;
    this.afterProbe();
  }

  leave(): void {
    this.#publishing.unsubscribe();
  }

  /** Must be called after every probe. */
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
    const published = connection.call('PUBLISH', channel, writeMessage(server, promotionId));
    this.#unanswered += 1;
    const result = await permitted(published).catch(() => undefined);
    this.#unanswered -= 1;
    if (result === 'forbidden') {
      this.#giveUpChannel();
      this.#count();
    }
  }

  async #subscribe(): Promise<void> {
    const { connection, channel } = this.#options;
    // A RESP2 connection that subscribes can no longer run the commands of a probe.
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

  #receive(message: string): void {
    const { fleet, server } = this.#options;
    const promotionId = readMessage(server, message);
    if (promotionId !== undefined) {
      fleet.receive(promotionId);
    }
  }

  #count(): void {
    const { fleet } = this.#options;
    this.#countApps().then(
      (size) => fleet.resize(size),
      // The connection was closed, so the last known size stays.
      () => undefined,
    );
  }

  async #countApps(): Promise<FleetSize> {
    const { connection, channel } = this.#options;
    if (this.#countedBy === 'subscribers') {
      const reply = await permitted(connection.call('PUBSUB', 'NUMSUB', channel));
      if (reply !== 'forbidden') {
        const subscribers = countSubscribers(reply);
        // An app that is alone has nothing to verify.
        return believeSubscribers(subscribers, subscribers === 1 ? undefined : await this.#countClients());
      }
      this.#giveUpChannel();
    }
    return estimateFleetSize(await this.#countClients());
  }

  /** `connected_clients` of the node; `undefined` if it does not report that, or the user may not ask. */
  async #countClients(): Promise<string | undefined> {
    if (this.#mayAskForClients) {
      const reply = await permitted(this.#options.connection.call('INFO', 'clients'));
      if (reply !== 'forbidden') {
        return parseInfo(String(reply)).get('connected_clients');
      }
      this.#mayAskForClients = false;
    }
    return undefined;
  }

  /** Announcements of other apps may not arrive, so this app no longer relies on them. */
  #giveUpChannel(): void {
    const { channel, notify } = this.#options;
    this.#countedBy = 'clients';
    notify(
      line`the user may not use the channel "${{ channel }}" (SUBSCRIBE, PUBLISH, PUBSUB NUMSUB): apps cannot announce promotions to one another, and each probes less often the more clients the node has`,
      'RR212',
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
