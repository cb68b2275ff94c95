import type { Observable } from 'rxjs';
import { monotonicScheduler } from '../clock/clock.js';
import { controlConnector, type ConnectControl } from '../observers/control-connection.js';
import { isServing } from '../observers/is-serving.js';
import { observeNode } from '../observers/observe-node.js';
import type { ServerMode } from '../observers/server-mode.js';
import type { Logins } from '../credentials/logins.js';
import type { Dial } from '../sockets/dial.js';
import type { NodeObserver } from '../stream/node-observer.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Observation } from '../topology/observation.js';
import type { ResolvedOptions } from './options.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

type ObservingOptions = Pick<ResolvedOptions, 'redis' | 'replyTimeoutMs' | 'probeKey'>;

interface Observing {
  readonly dial: Dial;
  readonly notify: (told: LogLine, code: LogCode) => void;
  readonly mode: ServerMode;
  readonly logins: Logins | undefined;
}

/** Observes nodes as the options say. `notify` is told, for each node, what an operator should know. */
export function observeNodes(
  { redis, replyTimeoutMs, probeKey }: ObservingOptions,
  { dial, notify, mode, logins }: Observing,
): (observer: NodeObserver) => Observable<Observation> {
  const connectTimeoutMs = connectLimitMs(replyTimeoutMs);
  const key = `${redis.keyPrefix ?? ''}${probeKey}`;
  const reach = (endpoint: Endpoint) =>
    dial(endpoint, { tls: redis.tls, family: redis.family, connectTimeoutMs });
  return (observer) =>
    observeNode({
      ...observer,
      mode,
      connect: controlConnector(redis, reach, logins),
      isServing: () => isServing(reach(observer.endpoint), connectTimeoutMs),
      probeKey: key,
      database: redis.db ?? 0,
      channel: key,
      replyTimeoutMs,
      connectTimeoutMs,
      scheduler: monotonicScheduler,
      notify: (told, code) =>
        notify(line`node ${{ node: formatEndpoint(observer.endpoint) }}: ${told}`, code),
    });
}

/** Opens control connections as the options say. */
export function controlFor(
  { redis, replyTimeoutMs }: Omit<ObservingOptions, 'probeKey'>,
  { dial, logins }: Pick<Observing, 'dial' | 'logins'>,
): ConnectControl {
  const connectTimeoutMs = connectLimitMs(replyTimeoutMs);
  const reach = (endpoint: Endpoint) =>
    dial(endpoint, { tls: redis.tls, family: redis.family, connectTimeoutMs });
  return controlConnector(redis, reach, logins);
}

/** The limit for dial, TLS and handshake together. */
export function connectLimitMs(replyTimeoutMs: number): number {
  return 4 * replyTimeoutMs;
}
