import type { Redis } from 'ioredis';
import {
  firstValueFrom,
  fromEvent,
  of,
  pairwise,
  startWith,
  Subscription,
  timeout,
  type Observable,
} from 'rxjs';
import { blockingCommandOn } from '../connections/blocking-command.js';
import { createReader, createWriter } from '../connections/create-connections.js';
import type { FollowingRedis } from '../connections/following-redis.js';
import { Ledger } from '../connections/outcomes/ledger.js';
import { createLogins, type OwnedLogins } from '../credentials/create-logins.js';
import { publishDiagnostics } from '../diagnostics/publish-diagnostics.js';
import { FailoverHistory } from '../history/failover-history.js';
import { Notices } from '../notices/notices.js';
import { warnOnce } from '../notices/warn-once.js';
import { Repeats } from '../notices/repeats.js';
import { dial, type Dial } from '../sockets/dial.js';
import { rememberAddresses } from '../sockets/remember-addresses.js';
import { cadenceOf } from '../stream/pace.js';
import { createTopologyStream, type CountedTopologyStream } from '../stream/topology-stream.js';
import { beginConnections } from './begin-connections.js';
import { contestAlarms } from './contest-alarms.js';
import { dialWithTls } from './dial-with-tls.js';
import { asOneLine, type Report } from './log-notes.js';
import { ObservedGroups } from './observed-groups.js';
import { observeNodes } from './observing.js';
import { alarmOnOutage } from './outage-alarm.js';
import { clientName } from '../observers/client-name.js';
import { describeChange, type ChangeNote } from '../topology/describe-change.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';
import { whyWait } from '../topology/pick.js';
import { masterOf, type Topology } from '../topology/topology.js';
import { initialResolution } from '../topology/resolve-topology.js';
import type { ResolvedOptions } from './options.js';
import { securityOf } from './security-of.js';

/**
 * One master/replica group and the connections to it. It opens no socket before the first connection is made or the
 * topology is subscribed to, so that tests which replace the providers open none.
 */
export class Replication {
  readonly topology$: Observable<Topology>;
  readonly options: ResolvedOptions;
  readonly failovers: FailoverHistory;
  /** What became of the commands of all connections. */
  readonly ledger = new Ledger();
  /** The credentials that change; `undefined` where they are fixed. */
  readonly logins: OwnedLogins | undefined;
  /** What the observers have found. */
  readonly observed = new ObservedGroups();
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly stream: CountedTopologyStream;
  private readonly repeats: Repeats;
  private readonly dial: Dial;
  private readonly warn = warnOnce((note) => this.report(note));
  private logging = Subscription.EMPTY;
  private current: Topology = initialResolution(0).topology;
  private writer: FollowingRedis | undefined;
  private reader: FollowingRedis | undefined;

  constructor(options: ResolvedOptions, report: Report, openSocket: Dial = rememberAddresses(dial)) {
    this.options = options;
    this.failovers = new FailoverHistory(options.name);
    // Whatever lists the properties of a provider must not find the password.
    Object.defineProperty(this, 'options', { enumerable: false });
    this.repeats = new Repeats((note) => report(asOneLine(note)));
    this.dial = dialWithTls(options, openSocket, new Notices((note) => this.report(note)));
    this.logins = createLogins(options.credentials, new Notices((note) => this.report(note)));
    this.stream = createTopologyStream({
      source: options.source,
      observe: observeNodes(options, {
        dial: this.dial,
        mode: 'plain',
        logins: this.logins,
        notify: this.warn,
      }),
      cadence: cadenceOf(options),
      acceptAfterMs: options.unproven.acceptAfterMs === false ? Infinity : options.unproven.acceptAfterMs,
      family: options.redis.family,
      security: securityOf(options.redis, options.credentials),
      notices: this.sourceNotices(),
      notify: this.warn,
    });
    this.topology$ = this.stream.topology$;
    this.observed.follow(this.stream, { latest: () => this.current });
    this.observed.probed$.subscribe(() => this.warnOfBlocking());
  }

  /** Probes every node now. */
  probe(): void {
    this.stream.emit('requested');
  }

  /** The current topology. */
  get latest(): Topology {
    return this.current;
  }

  /** Whether a node has answered an observer since `at`, in milliseconds of the monotonic clock. */
  hasAnsweredSince(endpoint: string, at: number): boolean {
    return this.observed.hasAnsweredSince(endpoint, at);
  }

  createWriter(): Redis {
    const { requireMajority } = this.options;
    this.writer = createWriter({ ...this.connectionOptions('writer'), requireMajority });
    return this.writer;
  }

  createReader(): Redis {
    this.reader = createReader({ ...this.connectionOptions('reader'), readFrom: this.options.readFrom });
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
    this.failovers.follow({
      topology$: this.topology$,
      events$: this.ledger.events$,
      tell: (note) => this.report(note),
    });
    this.log();
    this.logging.add(publishDiagnostics(this));
    const { writer, reader } = this;
    await beginConnections(this.options, { writer, reader, require: (each) => this.require(each) });
  }

  /** Closes everything within `shutdownTimeoutMs`, after Nest has closed the HTTP server. Never throws. */
  async onApplicationShutdown(): Promise<void> {
    const connections = [this.writer, this.reader].flatMap((each) => each ?? []);
    await Promise.allSettled(connections.map((each) => each.shutDown(this.options.shutdownTimeoutMs)));
    this.stream.close();
    this.failovers.close();
    this.ledger.close();
    this.logins?.close();
    this.logging.unsubscribe();
    this.repeats.close();
  }

  private report(note: ChangeNote): void {
    this.repeats.tell(note);
  }

  private log(): void {
    const notices = new Notices((note) => this.report(note));
    const outage = alarmOnOutage(this.topology$, notices, this.options.hold.timeoutMs).subscribe();
    this.logging = this.topology$
      .pipe(startWith(initialResolution(0).topology), pairwise())
      .subscribe(([before, after]) => {
        this.current = after;
        describeChange(before, after, this.options).forEach((note) => this.report(note));
      });
    this.logging.add(contestAlarms(this.topology$).subscribe((note) => this.report(note)));
    this.logging.add(outage);
  }

  /** Waits for `ready` instead of `connect()`, which rejects if the first of several attempts fails. */
  private async require(writer: FollowingRedis): Promise<void> {
    const { bootTimeoutMs } = this.options;
    const ready$ = writer.status === 'ready' ? of(undefined) : fromEvent(writer, 'ready');
    try {
      await firstValueFrom(ready$.pipe(timeout(bootTimeoutMs)));
    } catch {
      const reason = this.whyNotReady();
      await this.onApplicationShutdown();
      throw new Error(`no writer within ${bootTimeoutMs} ms (option "bootTimeoutMs"): ${reason}`);
    }
  }

  private whyNotReady(): string {
    const master = masterOf(this.current);
    return master === undefined
      ? whyWait(this.current)
      : `${master} is the master, but the writer cannot use it: ${this.writer?.failures.whyNot(master) ?? 'it does not answer'}`;
  }

  private sourceNotices() {
    const notices = new Notices((note) => this.report(note));
    return {
      raise: (topic: string, told: string | LogLine, code: LogCode = 'RR300') =>
        notices.raise(topic, { code, level: 'warn', ...asLine(topic, told) }),
      end: (topic: string, told: string | LogLine, code: LogCode = 'RR301') =>
        notices.end(topic, { code, level: 'log', ...asLine(topic, told) }),
    };
  }

  /** For dial, TLS and handshake of observers and connections alike: a few round trips. */
  private get connectTimeoutMs(): number {
    return 4 * this.options.replyTimeoutMs;
  }

  private connectionOptions(role: 'writer' | 'reader') {
    const { redis, hold, resend, replyTimeoutMs } = this.options;
    return {
      stream: this.stream,
      dial: this.dial,
      redis: { ...redis, connectionName: clientName(redis, role) },
      logins: this.logins,
      hold,
      resend,
      account: this.ledger.account({ connection: role }),
      replyTimeoutMs,
      connectTimeoutMs: this.connectTimeoutMs,
      notices: new Notices((note) => this.report({ ...note, ...line`${{ connection: role }}: ${note}` })),
    };
  }

  /** Runs at every probe, so it notices a command that blocks for a second or longer, and costs the commands nothing. */
  private warnOfBlocking(): void {
    const command = this.writer && blockingCommandOn(this.writer);
    if (command !== undefined) {
      this.warn(
        line`${{ connection: 'writer' }}: ${{ command }} blocks the connection; other writes and the health check wait behind it: issue it on writer.duplicate()`,
        'RR431',
      );
    }
  }
}

/** Where a source of the app gives a text alone, the topic is its only fact. */
function asLine(topic: string, told: string | LogLine): LogLine {
  return typeof told === 'string' ? { text: told, facts: { topic } } : told;
}
