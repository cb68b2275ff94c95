import {
  context,
  createContextKey,
  trace,
  type Attributes,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { Subscription } from 'rxjs';
import { epochOffsetMs } from '../clock/clock.js';
import type { ConnectionEvent, ConnectionIdentity } from '../connections/outcomes/connection-event.js';
import type { FailoverRecord } from '../history/failover-record.js';
import type { Instance } from './instance.js';
import { CAUSE, CONNECTION, INSTANCE, label, PROOF, SYSTEM } from './names.js';
import { ofGroup } from './observe-group.js';

/** Under which the context of a command that is going to be held has the link to the failover. */
const HELD_BY = createContextKey('nestjs-redis-replication.failover');

/**
 * Links the span of a command that is held to the span of the failover for which it waits. Does nothing for other spans.
 * Give it as `requestHook` to the instrumentation of ioredis, whose spans only the instrumentation itself can reach. The
 * span of the request that issued the command is linked in any case.
 *
 * @publicApi
 */
export function linkToFailover(span: Span): void {
  const link = context.active().getValue(HELD_BY);
  if (isLink(link)) {
    span.addLink(link);
  }
}

/** A time in which the writer could not write. It becomes a failover if another master is accepted. */
interface Interruption {
  readonly span: Span;
  /** The requests that are linked already; many commands of one request may wait. */
  readonly linked: WeakSet<Span>;
  record?: FailoverRecord;
}

/** Makes a span of each interruption of the writer, whose events are the phases of the failover. */
export class FailoverSpans {
  readonly #instance: Instance;
  readonly #tracer: Tracer;
  readonly #common: Attributes;
  /** By shard. */
  readonly #open = new Map<string, Interruption>();

  constructor(instance: Instance, tracer: Tracer) {
    this.#instance = instance;
    this.#tracer = tracer;
    this.#common = { ...SYSTEM, [INSTANCE]: instance.options.name };
  }

  start(): Subscription {
    const { ledger, failovers } = this.#instance;
    const running = ledger.events$.subscribe((event) => this.#onEvent(event));
    running.add(failovers.failovers$.subscribe((record) => this.#onFailover(record)));
    ledger.surround = (identity, run) => {
      const interruption = this.#open.get(identity.shard ?? '');
      if (interruption === undefined) {
        run();
        return;
      }
      const link = this.#linkTo(interruption, identity);
      linkOnce(interruption, link);
      context.with(context.active().setValue(HELD_BY, link), run);
    };
    running.add(() => {
      ledger.surround = (_identity, run) => run();
      [...this.#open.keys()].forEach((shard) => this.#end(shard));
    });
    return running;
  }

  #onEvent(event: ConnectionEvent): void {
    const { connection, shard = '', at } = event;
    if (connection !== 'writer') {
      return;
    }
    if (event.kind === 'shut') {
      this.#begin(shard, at + epochOffsetMs());
    } else if (event.kind === 'open' && this.#open.get(shard)?.record === undefined) {
      // The same master is back.
      this.#end(shard, at + epochOffsetMs());
    }
  }

  #begin(shard: string, startTime: number): Interruption {
    const known = this.#open.get(shard);
    if (known !== undefined) {
      return known;
    }
    const attributes = ofGroup(this.#common, shard === '' ? undefined : shard);
    // A root: what happens to be active now is not the reason.
    const span = this.#tracer.startSpan('redis.interruption', { startTime, attributes, root: true });
    const interruption: Interruption = { span, linked: new WeakSet() };
    this.#open.set(shard, interruption);
    return interruption;
  }

  #onFailover(record: FailoverRecord): void {
    const { shard = '' } = record;
    const interruption = record.kind === 'open' ? this.#begin(shard, record.at) : this.#open.get(shard);
    if (interruption === undefined) {
      return;
    }
    interruption.record = record;
    if (record.kind === 'complete') {
      describe(interruption.span, record);
      this.#end(shard, 'totalMs' in record ? acknowledgedAt(record) : undefined);
    }
  }

  #end(shard: string, endTime?: number): void {
    const { span, record } = this.#open.get(shard) ?? {};
    this.#open.delete(shard);
    if (record?.kind === 'open') {
      describe(span, record);
    }
    span?.end(endTime);
  }

  #linkTo({ span }: Interruption, { shard, connection }: ConnectionIdentity): Link {
    const common = { [INSTANCE]: this.#instance.options.name, [CONNECTION]: connection };
    return { context: span.spanContext(), attributes: ofGroup(common, shard) };
  }
}

function linkOnce({ linked }: Interruption, link: Link): void {
  const request = trace.getActiveSpan();
  if (request?.isRecording() === true && !linked.has(request)) {
    linked.add(request);
    request.addLink(link);
  }
}

function describe(span: Span | undefined, record: FailoverRecord): void {
  span?.updateName('redis.failover');
  span?.setAttributes({
    [CAUSE]: label(record.cause),
    [PROOF]: record.proof,
    'redis.failover.from': record.from,
    'redis.failover.to': record.to,
    'redis.failover.generation': record.generation,
    'redis.failover.commands.held': record.commands.held,
    'redis.failover.commands.sent_again': record.commands.sentAgain,
    'redis.failover.commands.unknown': record.commands.unknown,
    'redis.failover.commands.not_applied': record.commands.notApplied,
  });
  for (const [name, at] of momentsOf(record)) {
    span?.addEvent(name, {}, at);
  }
}

/** When each phase ended, in milliseconds since the epoch, beginning with the first sign. */
function momentsOf({ at, phases }: FailoverRecord): readonly (readonly [name: string, at: number])[] {
  const { detectionMs, decisionMs, connectionMs, acknowledgementMs } = phases;
  return [
    ['sign', at - decisionMs - detectionMs],
    ['detected', at - decisionMs],
    ['decided', at],
    ...(connectionMs === undefined ? [] : [['connected', at + connectionMs] as const]),
    ...(connectionMs === undefined || acknowledgementMs === undefined
      ? []
      : [['first write acknowledged', at + connectionMs + acknowledgementMs] as const]),
  ];
}

function acknowledgedAt({ at, phases: { connectionMs = 0, acknowledgementMs = 0 } }: FailoverRecord): number {
  return at + connectionMs + acknowledgementMs;
}

function isLink(value: unknown): value is Link {
  return typeof value === 'object' && value !== null && 'context' in value;
}
