import type { Cluster } from 'ioredis';
import { filter, firstValueFrom, fromEvent, of, Subscription, timeout, type Observable } from 'rxjs';
import { monotonicMs, monotonicScheduler } from '../clock/clock.js';
import { ViewSource } from '../cluster/ask-view.js';
import type { ClusterSettings } from '../cluster/cluster-settings.js';
import { createClusterStream, type ClusterStream } from '../cluster/cluster-stream.js';
import { nameOf, unknownCluster, type ClusterTopology } from '../cluster/cluster-topology.js';
import { FollowingCluster } from '../cluster/following-cluster.js';
import type { ShardUse } from '../cluster/shard-connection.js';
import { Ledger } from '../connections/outcomes/ledger.js';
import { createLogins, type OwnedLogins } from '../credentials/create-logins.js';
import { publishDiagnostics } from '../diagnostics/publish-diagnostics.js';
import { FailoverHistory } from '../history/failover-history.js';
import { Notices } from '../notices/notices.js';
import { Repeats } from '../notices/repeats.js';
import { warnOnce } from '../notices/warn-once.js';
import { clientName } from '../observers/client-name.js';
import { dial, type Dial } from '../sockets/dial.js';
import { rememberAddresses } from '../sockets/remember-addresses.js';
import type { NodeSource } from '../sources/node-source.js';
import { readEndpoints } from '../sources/read-endpoints.js';
import { cadenceOf } from '../stream/pace.js';
import { createTopologyStream, type TopologyStream } from '../stream/topology-stream.js';
import type { ChangeNote } from '../topology/describe-change.js';
import { initialResolution } from '../topology/resolve-topology.js';
import { clusterSeeds } from './cluster-seeds.js';
import { beginConnections } from './begin-connections.js';
import { clusterNotes, shardNotes } from './cluster-notes.js';
import { whyNotReady } from './cluster-not-ready.js';
import { dialWithTls } from './dial-with-tls.js';
import { ObservedGroups } from './observed-groups.js';
import { connectLimitMs, controlFor, observeNodes } from './observing.js';
import type { ResolvedClusterOptions } from './options.js';
import { asOneLine, type Report } from './log-notes.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

/**
 * One Redis Cluster and the connections to it. It opens no socket before the first connection is made or the topology is
 * subscribed to, so that tests which replace the providers open none.
 */
export class ClusterReplication {
  readonly kind = 'cluster';
  readonly topology$: Observable<ClusterTopology>;
  readonly options: ResolvedClusterOptions;
  readonly failovers: FailoverHistory;
  /** What became of the commands of all connections. */
  readonly ledger = new Ledger();
  /** The credentials that change; `undefined` where they are fixed. */
  readonly logins: OwnedLogins | undefined;
  /** What the observers have found. */
  readonly observed = new ObservedGroups();
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly stream: ClusterStream;
  private readonly views: ViewSource;
  private readonly report: Report;
  private readonly repeats: Repeats;
  private readonly dial: Dial;
  private readonly warnOnce: (told: LogLine, code: LogCode) => void;
  /** Why the node that was asked last did not tell the slots, if it did not. */
  private failure = 'none has answered yet';
  private logging = Subscription.EMPTY;
  private current = unknownCluster;
  private writer: FollowingCluster | undefined;
  private reader: FollowingCluster | undefined;

  constructor(options: ResolvedClusterOptions, report: Report, openSocket: Dial = rememberAddresses(dial)) {
    const { replyTimeoutMs, pollIntervalMs, cluster } = options;
    this.options = options;
    this.failovers = new FailoverHistory(options.name);
    // Whatever lists the properties of a provider must not find the password.
    Object.defineProperty(this, 'options', { enumerable: false });
    this.repeats = new Repeats((note) => report(asOneLine(note)));
    this.report = (note) => this.repeats.tell(note);
    this.dial = dialWithTls(options, openSocket, new Notices((note) => this.report(note)));
    this.logins = createLogins(options.credentials, new Notices((note) => this.report(note)));
    this.warnOnce = warnOnce(this.report);
    this.views = new ViewSource({
      connect: controlFor(options, { dial: this.dial, logins: this.logins }),
      mapEndpoint: cluster.mapEndpoint ?? ((announced) => announced),
      limitMs: connectLimitMs(replyTimeoutMs),
      scheduler: monotonicScheduler,
    });
    this.stream = createClusterStream({
      seeds$: clusterSeeds(options, this.warnOnce),
      ask: (endpoint) => this.views.ask(endpoint),
      keep: (endpoints) => this.views.keep(endpoints),
      follow: (shardId, source) => this.follow(shardId, source),
      pollIntervalMs,
      scheduler: monotonicScheduler,
      random: () => Math.random(),
      notify: (told, code) => {
        this.failure = told.text;
        this.warnOnce(told, code);
      },
    });
    this.topology$ = this.stream.topology$;
  }

  /** The current topology. */
  get latest(): ClusterTopology {
    return this.current;
  }

  /** Probes every node now. */
  probe(): void {
    this.stream.refresh();
    this.current.shards.forEach(({ topology }) =>
      topology.nodes.slice(0, 1).forEach(({ endpoint }) => this.stream.emit('requested', endpoint)),
    );
  }

  /** Whether a node has answered an observer since `at`, in milliseconds of the monotonic clock. */
  hasAnsweredSince(endpoint: string, at: number): boolean {
    return this.observed.hasAnsweredSince(endpoint, at);
  }

  createWriter(): Cluster {
    this.writer = new FollowingCluster(this.settings('writer', { role: 'writer' }));
    return this.writer;
  }

  createReader(): Cluster {
    const { readFrom } = this.options;
    this.reader = new FollowingCluster(this.settings('reader', { role: 'reader', readFrom }));
    return this.reader;
  }

  /**
   * Connects, and waits for the writer if `boot` is `required`. Does nothing if a test replaced the writer.
   *
   * @throws Error that states what was observed on each node, if a required writer is not connected in time.
   */
  async onModuleInit(): Promise<void> {
    if (this.writer === undefined) {
      return;
    }
    this.logging = this.topology$.subscribe((topology) => {
      clusterNotes(this.current, topology).forEach((note) => this.report(note));
      this.current = topology;
    });
    this.logging.add(publishDiagnostics(this));
    const { writer, reader } = this;
    await beginConnections(this.options, { writer, reader, require: (each) => this.require(each) });
  }

  /** Closes everything within `shutdownTimeoutMs`, after Nest has closed the HTTP server. Never throws. */
  async onApplicationShutdown(): Promise<void> {
    const connections = [this.writer, this.reader].flatMap((each) => each ?? []);
    await Promise.allSettled(connections.map((each) => each.shutDown(this.options.shutdownTimeoutMs)));
    this.stream.close();
    this.views.close();
    this.failovers.close();
    this.ledger.close();
    this.logging.unsubscribe();
    this.logins?.close();
    this.repeats.close();
  }

  /** Waits for each shard, because a cluster without one of them serves only a part of the keys. */
  private async require(writer: FollowingCluster): Promise<void> {
    const { bootTimeoutMs } = this.options;
    const startedAt = monotonicMs();
    const within = <T>(event$: Observable<T>) =>
      firstValueFrom(event$.pipe(timeout(Math.max(1, bootTimeoutMs - (monotonicMs() - startedAt)))));
    try {
      await within(writer.status === 'ready' ? of(undefined) : fromEvent(writer, 'ready'));
      for (const redis of writer.nodes('master')) {
        redis.connect().catch(() => undefined);
        await within(redis.status === 'ready' ? of(undefined) : fromEvent(redis, 'ready'));
      }
    } catch {
      const reason = whyNotReady(this.current, writer, this.failure);
      await this.onApplicationShutdown();
      throw new Error(`no writer within ${bootTimeoutMs} ms (option "bootTimeoutMs"): ${reason}`);
    }
  }

  private follow(shardId: string, source: NodeSource): TopologyStream {
    const { options } = this;
    const { acceptAfterMs } = options.unproven;
    const stream = createTopologyStream({
      source,
      observe: observeNodes(options, {
        dial: this.dial,
        mode: 'cluster',
        logins: this.logins,
        notify: this.warnOnce,
      }),
      cadence: cadenceOf(options),
      acceptAfterMs: acceptAfterMs === false ? Infinity : acceptAfterMs,
      family: options.redis.family,
      notify: this.warnOnce,
    });
    const latest = () => this.current.shards.find(({ id }) => id === shardId)?.topology;
    this.observed.follow(stream, { shard: shardId, latest: () => latest() ?? initialResolution(0).topology });
    const tell = (note: ChangeNote) =>
      this.report({ ...note, ...line`${{ shard: nameOf(this.current, shardId) }}: ${note}` });
    this.failovers.follow({
      topology$: stream.topology$,
      events$: this.ledger.events$.pipe(filter(({ shard }) => shard === shardId)),
      shard: shardId,
      tell,
    });
    shardNotes(stream.topology$, options.hold.timeoutMs).subscribe(tell);
    return stream;
  }

  private settings(role: 'writer' | 'reader', use: ShardUse): ClusterSettings {
    const { redis, hold, resend, replyTimeoutMs, cluster } = this.options;
    return {
      stream: this.stream,
      dial: this.dial,
      redis: { ...redis, connectionName: clientName(redis, role) },
      hold,
      resend,
      account: this.ledger.account({ connection: role }),
      replyTimeoutMs,
      connectTimeoutMs: connectLimitMs(replyTimeoutMs),
      logins: this.logins,
      notices: new Notices((note) => this.report({ ...note, ...line`${{ connection: role }}: ${note}` })),
      startupNodes:
        typeof cluster.nodes === 'function' ? NOT_LISTED : readEndpoints('cluster.nodes', cluster.nodes),
      use,
      begin: 'when asked',
      isDuplicate: false,
      override: {},
    };
  }
}

/** ioredis needs one at least. Only the stream dials. */
const NOT_LISTED = [{ host: 'source', port: 1 }];
