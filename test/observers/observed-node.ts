import { asyncScheduler, of, Subject, take, type Subscription } from 'rxjs';
import { controlConnector } from '../../lib/observers/control-connection.js';
import type { Crowd } from '../../lib/fleet/fleet-size.js';
import { observeNode } from '../../lib/observers/observe-node.js';
import { dial } from '../../lib/sockets/dial.js';
import type { ObserverContext } from '../../lib/observers/observer-context.js';
import { parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { until } from '../support/until.js';

export interface ObservedNode {
  readonly observations: readonly Observation[];
  readonly signals: readonly string[];
  readonly notes: readonly string[];
  readonly crowds: readonly Crowd[];
  /** What was announced on the node. */
  readonly news: readonly string[];
  announce(text: string): void;
  /** Looks once more, and gives what was seen. */
  look(): Promise<Observation>;
  /** The observation that was, or will be, the n-th, from 1. */
  seen(count: number): Promise<Observation>;
  stop(): void;
}

/** What the tests of an observer do not need. */
const aloneAndIdle = {
  probeKey: 'probe',
  channel: 'channel',
  isServing: () => of(false),
  scheduler: asyncScheduler,
};

export interface ObservedNodeOptions {
  readonly redis?: Parameters<typeof controlConnector>[0];
  /** Generous by default, so that a busy machine makes no difference. */
  readonly replyTimeoutMs?: number;
}

/** Observes one node over TCP; after the first look, it is looked at only when the test says so. */
export function observeOverTcp(name: string, options: ObservedNodeOptions = {}): ObservedNode {
  const observations: Observation[] = [];
  const told: Told = { signals: [], notes: [], crowds: [], news: [] };
  const [wake$, announce$] = [new Subject<void>(), new Subject<string>()];
  const context = contextFor(parseEndpoint(name), options, told);
  const subscription: Subscription = observeNode({
    ...context,
    nextLook: () => wake$.pipe(take(1)),
    announce$,
  }).subscribe((observation) => observations.push(observation));
  const seen = async (count: number) => {
    await until(`observation ${count}`, () => observations.length >= count, { state: () => observations });
    const found = observations[count - 1];
    if (found === undefined) throw new Error('No such observation');
    return found;
  };
  return {
    observations,
    ...told,
    announce: (text) => announce$.next(text),
    seen,
    async look() {
      const count = observations.length + 1;
      wake$.next();
      return seen(count);
    },
    stop: () => subscription.unsubscribe(),
  };
}

/** What an observer tells beside observations. */
interface Told {
  readonly signals: string[];
  readonly notes: string[];
  readonly crowds: Crowd[];
  readonly news: string[];
}

function contextFor(
  endpoint: Endpoint,
  { redis = {}, replyTimeoutMs = 2000 }: ObservedNodeOptions,
  told: Told,
): Omit<ObserverContext, 'nextLook' | 'announce$'> {
  return {
    ...aloneAndIdle,
    endpoint,
    connect: connectorFor(redis, 2 * replyTimeoutMs),
    replyTimeoutMs,
    connectTimeoutMs: 2 * replyTimeoutMs,
    beginLook: () => ({ kind: 'poll', at: Date.now() }),
    emit: (kind) => told.signals.push(kind),
    spreadMs: () => 0,
    counted: (crowd) => told.crowds.push(crowd),
    heard: (text) => told.news.push(text),
    notify: (text) => told.notes.push(text),
  };
}

function connectorFor(redis: Parameters<typeof controlConnector>[0], connectTimeoutMs: number) {
  return controlConnector(redis, (target) => dial(target, { tls: redis.tls, connectTimeoutMs }));
}
