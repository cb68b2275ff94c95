import { asyncScheduler, of, Subject, take, type Subscription } from 'rxjs';
import { controlConnector } from '../../lib/observers/control-connection.js';
import { observeNode } from '../../lib/observers/observe-node.js';
import { dial } from '../../lib/sockets/dial.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { until } from '../support/until.js';

export interface ObservedNode {
  readonly observations: readonly Observation[];
  readonly signals: readonly string[];
  readonly notes: readonly string[];
  /** Looks once more, and gives what was seen. */
  look(): Promise<Observation>;
  /** The observation that was, or will be, the n-th, from 1. */
  seen(count: number): Promise<Observation>;
  stop(): void;
}

/** What the tests of an observer do not need. */
const aloneAndIdle = { probeKey: 'probe', isServing: () => of(false), scheduler: asyncScheduler };

export interface ObservedNodeOptions {
  readonly redis?: Parameters<typeof controlConnector>[0];
  /** Generous by default, so that a busy machine makes no difference. */
  readonly replyTimeoutMs?: number;
}

/** Observes one node over TCP; after the first look, it is looked at only when the test says so. */
export function observeOverTcp(
  name: string,
  { redis = {}, replyTimeoutMs = 2000 }: ObservedNodeOptions = {},
): ObservedNode {
  const endpoint = parseEndpoint(name);
  const observations: Observation[] = [];
  const signals: string[] = [];
  const notes: string[] = [];
  const wake$ = new Subject<void>();
  const subscription: Subscription = observeNode({
    endpoint,
    connect: connectorFor(redis, 2 * replyTimeoutMs),
    ...aloneAndIdle,
    replyTimeoutMs,
    connectTimeoutMs: 2 * replyTimeoutMs,
    nextLook: () => wake$.pipe(take(1)),
    whyLook: () => ({ kind: 'poll', at: Date.now() }),
    emit: (kind) => signals.push(kind),
    notify: (text) => notes.push(text),
  }).subscribe((observation) => observations.push(observation));
  const seen = async (count: number) => {
    await until(`observation ${count}`, () => observations.length >= count, { state: () => observations });
    const found = observations[count - 1];
    if (found === undefined) throw new Error('No such observation');
    return found;
  };
  return {
    observations,
    signals,
    notes,
    seen,
    async look() {
      const count = observations.length + 1;
      wake$.next();
      return seen(count);
    },
    stop: () => subscription.unsubscribe(),
  };
}

function connectorFor(redis: Parameters<typeof controlConnector>[0], connectTimeoutMs: number) {
  return controlConnector(redis, (target) => dial(target, { tls: redis.tls, connectTimeoutMs }));
}
