import type { Redis } from 'ioredis';
import {
  asyncScheduler,
  firstValueFrom,
  from,
  pairwise,
  startWith,
  Subscription,
  timeout,
  type Observable,
} from 'rxjs';
import { createReader, createWriter } from '../connections/create-connections.js';
import type { FollowingRedis } from '../connections/following-redis.js';
import { controlConnector } from '../observers/control-connection.js';
import { observeNode } from '../observers/observe-node.js';
import { createTopologyStream, type NodeObserver, type TopologyStream } from '../stream/topology-stream.js';
import { describeChange, type ChangeNote } from '../topology/describe-change.js';
import { formatEndpoint } from '../topology/endpoint.js';
import { whyWait } from '../topology/pick.js';
import type { Topology } from '../topology/topology.js';
import { initialResolution } from '../topology/resolve-topology.js';
import type { ResolvedOptions } from './options.js';

/** Where notes for operators go. */
export type Report = (note: ChangeNote) => void;

/**
 * One master/replica group and our connections to it. Nothing is opened before the first connection is made or the
 * topology is subscribed to, so that tests which replace the providers open no socket.
 */
export class Replication {
  readonly topology$: Observable<Topology>;
  readonly options: ResolvedOptions;
  readonly #stream: TopologyStream;
  readonly #report: Report;
  readonly #said = new Set<string>();
  #logging = Subscription.EMPTY;
  #latest: Topology = initialResolution(0).topology;
  #writer: FollowingRedis | undefined;
  #reader: FollowingRedis | undefined;

  constructor(options: ResolvedOptions, report: Report) {
    this.options = options;
    this.#report = report;
    this.#stream = createTopologyStream({
      source: options.source,
      observe: (observer) => this.#observe(observer),
      cadence: { pollIntervalMs: options.pollIntervalMs, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 },
      notify: (text) => this.#reportOnce({ level: 'warn', text }),
    });
    this.topology$ = this.#stream.topology$;
  }

  /** The topology as it is now. */
  get latest(): Topology {
    return this.#latest;
  }

  createWriter(): Redis {
    this.#writer = createWriter(this.#connectionOptions('writer'));
    return this.#writer;
  }

  createReader(): Redis {
    this.#reader = createReader({ ...this.#connectionOptions('reader'), readFrom: this.options.readFrom });
    return this.#reader;
  }

  /**
   * Connects; where `boot` is `required`, waits for the writer. Does nothing where a test replaced the writer.
   *
   * @throws Error that says what was seen on each node, if a required writer is not connected in time.
   */
  async onModuleInit(): Promise<void> {
    if (this.#writer === undefined) {
      return;
    }
    this.#log();
    if (this.options.redis.lazyConnect !== true) {
      this.#reader?.connect().catch(() => undefined);
    }
    if (this.options.boot === 'required') {
      await this.#require(this.#writer.connect());
    } else if (this.options.redis.lazyConnect !== true) {
      this.#writer.connect().catch(() => undefined);
    }
  }

  /** Closes everything within `shutdownTimeoutMs`, after HTTP has drained. Never throws. */
  async onApplicationShutdown(): Promise<void> {
    const connections = [this.#writer, this.#reader].flatMap((each) => each ?? []);
    await Promise.allSettled(connections.map((each) => each.shutDown(this.options.shutdownTimeoutMs)));
    this.#stream.close();
    this.#logging.unsubscribe();
  }

  #log(): void {
    this.#logging = this.topology$
      .pipe(startWith(initialResolution(asyncScheduler.now()).topology), pairwise())
      .subscribe(([before, after]) => {
        this.#latest = after;
        describeChange(before, after).forEach((note) => this.#report(note));
      });
  }

  async #require(connected: Promise<void>): Promise<void> {
    const { bootTimeoutMs } = this.options;
    try {
      await firstValueFrom(from(connected).pipe(timeout(bootTimeoutMs)), { defaultValue: undefined });
    } catch (error) {
      const seen = whyWait(this.#latest);
      await this.onApplicationShutdown();
      throw new Error(`no writer within ${bootTimeoutMs} ms (option "bootTimeoutMs"): ${seen}`, {
        cause: error,
      });
    }
  }

  #observe(observer: NodeObserver) {
    const { redis, replyTimeoutMs, probeKey } = this.options;
    const connectTimeoutMs = 4 * replyTimeoutMs;
    const name = formatEndpoint(observer.endpoint);
    return observeNode({
      ...observer,
      connect: controlConnector(redis, connectTimeoutMs),
      probeKey: `${redis.keyPrefix ?? ''}${probeKey}`,
      replyTimeoutMs,
      connectTimeoutMs,
      scheduler: asyncScheduler,
      notify: (text) => this.#reportOnce({ level: 'warn', text: `node ${name}: ${text}` }),
    });
  }

  #connectionOptions(role: string) {
    const { redis, hold } = this.options;
    return {
      stream: this.#stream,
      redis,
      hold,
      onError: (error: Error) => this.#reportOnce({ level: 'warn', text: `${role}: ${error.message}` }),
    };
  }

  #reportOnce(note: ChangeNote): void {
    if (!this.#said.has(note.text)) {
      // What is said once is few: nodes times reasons. Should it ever be many, it may be said again.
      if (this.#said.size >= MAX_SAID) {
        this.#said.clear();
      }
      this.#said.add(note.text);
      this.#report(note);
    }
  }
}

const MAX_SAID = 1000;
