import { asyncScheduler, NEVER, of, Subject, take, type Observable, type Subscription } from 'rxjs';
import { controlConnector } from '../../lib/observers/control-connection.js';
import type { FleetSize } from '../../lib/fleet/fleet-size.js';
import { Gossip } from '../../lib/fleet/gossip.js';
import { NodeFleet } from '../../lib/fleet/node-fleet.js';
import { observeNode } from '../../lib/observers/observe-node.js';
import { dial } from '../../lib/sockets/dial.js';
import type { ObserverContext } from '../../lib/observers/observer-context.js';
import { parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { until } from '../../lib/testing/servers/until.js';

export interface ObservedNode {
  readonly observations: readonly Observation[];
  readonly signals: readonly string[];
  readonly notes: readonly string[];
  readonly fleetSizes: readonly FleetSize[];
  /** The announcements that arrived from the node. */
  readonly announcements: readonly string[];
  announce(promotionId: string): void;
  /** Probes once more and returns the observation. */
  probe(): Promise<Observation>;
  /** Waits for the n-th observation, counted from 1. */
  seen(count: number): Promise<Observation>;
  stop(): void;
}

/** Defaults for what the tests of an observer do not depend on. */
const aloneAndIdle = {
  probeKey: 'probe',
  channel: 'channel',
  isServing: () => of(false),
  scheduler: asyncScheduler,
};

export interface ObservedNodeOptions {
  readonly redis?: Parameters<typeof controlConnector>[0];
  /** The default is generous, so that a busy machine makes no difference. */
  readonly replyTimeoutMs?: number;
  /** Default: it answers nothing at all. */
  readonly isServing?: ObserverContext['isServing'];
}

/** Observes one node over TCP; after the first probe, it is probed only when the test requests it. */
export function observeOverTcp(name: string, options: ObservedNodeOptions = {}): ObservedNode {
  const observations: Observation[] = [];
  const reported: Reported = { signals: [], notes: [] };
  const endpoint = parseEndpoint(name);
  const fleet = new RecordedFleet(endpoint);
  const wake$ = new Subject<void>();
  const context = contextFor(endpoint, options, reported);
  const subscription: Subscription = observeNode({
    ...context,
    fleet,
    nextProbe: () => wake$.pipe(take(1)),
  }).subscribe((observation) => observations.push(observation));
  const seen = async (count: number) => {
    await until(`observation ${count}`, () => observations.length >= count, { state: () => observations });
    const found = observations[count - 1];
    if (found === undefined) throw new Error('No such observation');
    return found;
  };
  return {
    observations,
    ...reported,
    fleetSizes: fleet.sizes,
    announcements: fleet.received,
    announce: (promotionId) => fleet.published$.next(promotionId),
    seen,
    async probe() {
      const count = observations.length + 1;
      wake$.next();
      return seen(count);
    },
    stop: () => subscription.unsubscribe(),
  };
}

/** What an observer reports in addition to observations. */
interface Reported {
  readonly signals: string[];
  readonly notes: string[];
}

const now = () => asyncScheduler.now();

/** Records what an observer learns of the fleet, and lets a test publish on the node. */
class RecordedFleet extends NodeFleet {
  readonly sizes: FleetSize[] = [];
  readonly received: string[] = [];
  readonly published$ = new Subject<string>();

  constructor(endpoint: Endpoint) {
    const sharing = { gapMs: 0, maxGapMs: 0 };
    super({ endpoint, gossip: new Gossip(asyncScheduler), sharing, now, random: () => 0 });
  }

  override get announcements$(): Observable<string> {
    return this.published$;
  }

  override receive(promotionId: string): void {
    this.received.push(promotionId);
  }

  override resize(size: FleetSize): void {
    this.sizes.push(size);
    super.resize(size);
  }
}

function contextFor(
  endpoint: Endpoint,
  { redis = {}, replyTimeoutMs = 2000, isServing = aloneAndIdle.isServing }: ObservedNodeOptions,
  reported: Reported,
): Omit<ObserverContext, 'nextProbe' | 'fleet'> {
  return {
    ...aloneAndIdle,
    endpoint,
    isServing,
    database: redis.db ?? 0,
    connect: connectorFor(redis, 2 * replyTimeoutMs),
    replyTimeoutMs,
    connectTimeoutMs: 2 * replyTimeoutMs,
    beginProbe: () => ({ kind: 'poll', at: performance.now() }),
    redial$: NEVER,
    emit: (kind) => reported.signals.push(kind),
    notify: ({ text }) => reported.notes.push(text),
  };
}

function connectorFor(redis: Parameters<typeof controlConnector>[0], connectTimeoutMs: number) {
  return controlConnector(redis, (target) => dial(target, { tls: redis.tls, connectTimeoutMs }));
}
