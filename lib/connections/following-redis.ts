import { Redis, type Command, type RedisOptions } from 'ioredis';
import { isBlocking, isBlockingRead } from './outcomes/command-traits.js';
import {
  endReconnecting,
  forgetManualClose,
  hideCredentials,
  markRejection,
  takeInFlight,
  type CommandItem,
  type CommandStream,
} from './ioredis/internals.js';
import { duplicateSettings, optionsFor, type FollowingSettings } from './following-settings.js';
import { Authentication } from './ioredis/authentication.js';
import { Handshake } from './ioredis/handshake.js';
import type { NodeFailures } from './line/node-failures.js';
import { NodeLine } from './line/node-line.js';
import { whileHolding } from './outcomes/ledger.js';
import type { HeldCommand } from './outcomes/hold-queue.js';
import { Outcomes } from './outcomes/outcomes.js';
import { connectorFor } from './ioredis/connector.js';
import { flushAutoPipelines, letAutoPipelinesRun } from './ioredis/auto-pipelines.js';
import { isOwnCommand } from './ioredis/own-commands.js';
import { parked } from './ioredis/parked.js';
import { prepareClient } from './ioredis/prepare-client.js';
import { drained, whenDrained } from './ioredis/when-drained.js';
import { Session } from './session/session.js';

/**
 * An ioredis connection whose socket always leads to the picked node. The object stays the same through failovers.
 * Commands wait while there is no node, and each ends with its reply or with an error that states its outcome.
 */
export class FollowingRedis extends Redis {
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly line: NodeLine;
  protected readonly outcomes: Outcomes;
  private readonly settings: FollowingSettings;
  private readonly handshake: Handshake;
  private readonly parked = parked(this);
  private readonly session: Session;
  private closedBy: 'nobody' | 'the app' = 'nobody';

  constructor(settings: FollowingSettings) {
    const line = new NodeLine({ ...settings.line, watch: settings.account });
    const authentication = settings.logins && new Authentication(settings.logins);
    super({ ...optionsFor(settings), Connector: connectorFor(authentication?.over(line) ?? line) });
    prepareClient(this, settings.redis);
    this.settings = settings;
    this.handshake = new Handshake(this, (command, stream) => super.sendCommand(command, stream));
    this.session = new Session(this, settings.notices);
    this.line = line;
    this.outcomes = new Outcomes(settings, () => line.circumstances);
    line.attach({
      onVerified: () => this.session.restore(line.endpoint, (command) => super.sendCommand(command)),
      onOpen: () => this.release(),
      onShut: () => this.shut(),
      onLost: (node) => this.lose(node),
      whenDrained: (callback) => whenDrained(this, isBlockingRead, callback),
      onEnd: () => this.disconnect(),
    });
    authentication?.attach({
      redis: this,
      canWrite: () => this.canWrite && !this.outcomes.isInTransaction,
      write: (command) => super.sendCommand(command),
    });
    this.on('error', (error) => line.failures.note(error, this.status));
    this.on('ready', () => line.ready()).on('end', () => this.onEnded());
  }

  /** `host:port` of the node that it is connected to or connects to; `undefined` while there is none. */
  get node(): string | undefined {
    return this.line.endpoint;
  }

  /** Number of commands that wait for a node. */
  get heldCommands(): number {
    return this.outcomes.heldCommands;
  }

  override sendCommand(command: Command, stream?: CommandStream): unknown {
    if (this.line.state.kind === 'handshake' && stream === undefined && isOwnCommand(this, command)) {
      return this.handshake.send(command, stream);
    }
    const error = this.settings.refuse?.(command);
    if (error !== undefined) {
      command.reject(error);
      return this.skip(command, stream);
    }
    const isDependent = this.outcomes.note(command, stream);
    const { db } = this.session;
    const refusal = this.session.note(command);
    if (refusal !== undefined && !this.outcomes.refuse(command, refusal)) {
      return this.skip(command, stream);
    }
    if (this.canWrite) {
      return isDependent && !this.outcomes.admit(command)
        ? this.skip(command, stream)
        : this.write(command, stream);
    }
    return this.hold({ command, stream, db });
  }

  override handleReconnection(error: Error, item: CommandItem): void {
    hideCredentials(error, item.command.name);
    if (this.status === 'connect') {
      this.line.failures.noteReply(error);
      if (this.handshake.recover(error, item)) {
        return;
      }
    }
    const verdict = this.status === 'ready' ? this.outcomes.refused(error, item) : 'not a refusal';
    if (verdict === 'not a refusal') {
      super.handleReconnection(error, item);
    } else if (verdict !== 'redirected') {
      this.line.refused();
    }
  }

  /** ioredis would reject what is under way as if it were known not to have run. */
  override recoverFromFatalError(...cause: Parameters<Redis['recoverFromFatalError']>): void {
    if (this.status === 'connect') {
      super.recoverFromFatalError(...cause);
    } else {
      this.stream.destroy(new Error(cause[1].message));
    }
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) {
      this.closedBy = 'the app';
      endReconnecting(this);
    }
    super.disconnect(reconnect);
  }

  override connect(callback?: (error?: Error | null) => void): Promise<void> {
    this.closedBy = 'nobody';
    forgetManualClose(this);
    return super.connect(callback);
  }

  /** Returns a second connection with the same options that also follows the topology. */
  override duplicate(override: Partial<RedisOptions> = {}): Redis {
    return new FollowingRedis(duplicateSettings(this.settings, override));
  }

  /** Issues a command that waits for no node: without one, it rejects with `NotAppliedError` at once. */
  issueNow(command: Command): Promise<unknown> {
    this.outcomes.neverHold(command);
    this.sendCommand(command);
    return command.promise;
  }

  /** Why nodes could not be connected to, as text for an operator, and the last failure. */
  get failures(): Pick<NodeFailures, 'whyNot' | 'latest'> {
    return this.line.failures;
  }

  /** Ends the connection for good. Held commands are rejected; sent commands get up to `limitMs` to be answered. */
  async shutDown(limitMs: number): Promise<void> {
    this.outcomes.end();
    await drained(this, isBlocking, limitMs);
    this.disconnect();
    this.line.end();
  }

  /** Checks the socket too, because a socket that fails during a write emits no event before the next turn. */
  private get canWrite(): boolean {
    return this.line.isOpen && this.closedBy === 'nobody' && this.stream.writable;
  }

  private hold(held: Omit<HeldCommand, 'deadline'>): unknown {
    const { command, stream } = held;
    if (command.name === 'quit' && this.status !== 'end') {
      this.disconnect();
      command.resolve(Buffer.from('OK'));
      return command.promise;
    }
    if (this.status === 'end' || this.closedBy === 'the app') {
      this.outcomes.closed(command);
      return this.skip(command, stream);
    }
    if (this.status === 'wait') {
      this.connect().catch(() => undefined);
    }
    whileHolding(this.settings.account, () => super.sendCommand.call(this.parked, command, stream));
    letAutoPipelinesRun(this);
    this.outcomes.hold(held);
    return command.promise;
  }

  private write(command: Command, stream: CommandStream | undefined): unknown {
    if (typeof this.options.commandTimeout === 'number') {
      markRejection(command);
    }
    this.outcomes.onSend(command);
    const sent = super.sendCommand(command, stream);
    if (command.name === 'quit' && stream === undefined) {
      // The server executes nothing after it.
      this.closedBy = 'the app';
    }
    return sent;
  }

  /** A pipeline is written only after every member was counted, including those that are not sent. */
  private skip(command: Command, stream: CommandStream | undefined): unknown {
    this.outcomes.skip(stream, this.canWrite);
    return command.promise;
  }

  private release(): void {
    if (!this.canWrite) {
      return;
    }
    this.outcomes.release((command, stream, db = this.session.db) => {
      if (!this.canWrite) {
        // The previous command made the socket fail. ioredis would put this one into its own queue, without our limits.
        this.outcomes.hold({ command, stream, db });
        return;
      }
      this.handshake.select(db);
      super.sendCommand(command, stream);
    });
    if (this.canWrite) {
      this.handshake.select(this.session.db);
    }
  }

  /** The event is emitted asynchronously, so the app may have connected again by now. */
  private onEnded(): void {
    this.outcomes.end();
    if (this.status === 'end') this.line.stopFollowing();
  }

  private shut(): void {
    flushAutoPipelines(this);
    if (this.outcomes.interrupt()) {
      // The next command on this connection would become part of the open transaction.
      this.stream.destroy();
    }
  }

  /** In a handshake, only commands that set up the connection are in flight. */
  private lose(node: string): void {
    if (this.status === 'connect') return;
    const [items, loss] = [takeInFlight(this), { node, by: this.closedBy }];
    if (loss.by === 'nobody') this.outcomes.lost(items, loss);
    // Whoever disconnects finds that done when a command is rejected: BullMQ would connect anew otherwise.
    else this.once('close', () => this.outcomes.lost(items, loss));
  }
}
