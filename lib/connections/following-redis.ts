import { Command, Redis, type RedisOptions } from 'ioredis';
import { isBlocking, isBlockingRead, selectedBy } from './outcomes/command-traits.js';
import { ReadOnlyConnectionError } from './outcomes/errors.js';
import {
  commandOf,
  endReconnecting,
  flushAutoPipelines,
  letAutoPipelinesRun,
  forgetManualClose,
  hideCredentials,
  isPipeline,
  markRejection,
  reconnectAtOnce,
  settleHandshake,
  skipMember,
  takeInFlight,
  type CommandItem,
  type CommandStream,
} from './ioredis/internals.js';
import type { FollowingSettings } from './following-settings.js';
import { Handshake, leaveUnlessSelected } from './ioredis/handshake.js';
import { NodeLine } from './line/node-line.js';
import { Outcomes } from './outcomes/outcomes.js';
import { ownedSettings } from './ioredis/redis-options.js';
import { answerByHello, isForbidden } from './ioredis/role-by-hello.js';
import { connectorFor } from './ioredis/connector.js';
import { isOwnCommand } from './ioredis/own-commands.js';
import { parked } from './ioredis/parked.js';
import { whenDrained } from './ioredis/when-drained.js';
import { createWriteProbe } from './ioredis/write-probe.js';

/**
 * An ioredis connection whose socket always leads to the picked node. The object stays the same through failovers.
 * Commands wait while there is no node, and each ends with its reply or with an error that states its outcome.
 */
export class FollowingRedis extends Redis {
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly line: NodeLine;
  private readonly outcomes: Outcomes;
  private readonly settings: FollowingSettings;
  private readonly handshake: Handshake;
  private readonly parked = parked(this);
  /** The database of commands issued from now on. The one selected on the socket may lag behind. */
  private db: number;
  private closedBy: 'nobody' | 'the app' = 'nobody';

  constructor(settings: FollowingSettings) {
    const line = new NodeLine(settings.line);
    const lazyConnect = settings.begin === 'when asked' || settings.redis.lazyConnect === true;
    super({ ...settings.redis, ...ownedSettings, lazyConnect, Connector: connectorFor(line) });
    this.settings = settings;
    this.handshake = new Handshake(this, (command, stream) => super.sendCommand(command, stream));
    this.db = this.options.db ?? 0;
    this.line = line;
    this.outcomes = new Outcomes(settings, () => ({
      generation: line.generation,
      node: line.endpoint,
      reason: line.reason,
      server: line.server,
    }));
    line.attach({
      onOpen: () => this.release(),
      onShut: () => this.shut(),
      onLost: (node) => this.lose(node),
      whenDrained: (callback) => whenDrained(this, isBlockingRead, callback),
      onEnd: () => this.disconnect(),
    });
    this.on('error', settings.onError).on('connecting', () => settleHandshake(this));
    this.on('reconnecting', (delayMs: number) => reconnectAtOnce(this, delayMs));
    this.on('ready', () => line.ready());
    this.on('end', () => this.onEnded());
  }

  /** Number of commands that wait for a node. */
  get heldCommands(): number {
    return this.outcomes.heldCommands;
  }

  override sendCommand(command: Command, stream?: CommandStream): unknown {
    if (this.line.state.kind === 'handshake' && stream === undefined && isOwnCommand(this, command)) {
      return this.handshake.send(command, stream);
    }
    const advice = this.settings.refuse?.(command.name);
    if (advice !== undefined) {
      command.reject(new ReadOnlyConnectionError(command.name, advice));
      return this.skip(command, stream);
    }
    const isDependent = this.outcomes.note(command, stream);
    this.db = selectedBy(command) ?? this.db;
    if (this.canWrite) {
      return isDependent && !this.outcomes.admit(command)
        ? this.skip(command, stream)
        : this.write(command, stream);
    }
    return this.hold(command, stream);
  }

  override handleReconnection(error: Error, item: CommandItem): void {
    hideCredentials(error, item.command.name);
    const info = this.status === 'connect' && item.command.name === 'info' ? commandOf(item) : undefined;
    if (info !== undefined && isForbidden(error)) {
      void answerByHello(info, error, (hello) => super.sendCommand(hello));
      return;
    }
    const verdict = this.status === 'ready' ? this.outcomes.refused(error, item) : 'not a refusal';
    if (verdict === 'not a refusal') {
      super.handleReconnection(error, item);
    } else {
      this.line.refused();
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
    return new FollowingRedis({
      ...this.settings,
      begin: 'at once',
      line: { ...this.settings.line, candidates: () => [] },
      redis: { ...this.settings.redis, ...override },
    });
  }

  /**
   * Asks the node whether it accepts writes now. Changes nothing, and does not wait for another node. Rejects with the
   * error of the server, or with `NotAppliedError` if there is no node.
   */
  async probeWrite(key: string): Promise<void> {
    const command = createWriteProbe(key, this.options.keyPrefix);
    this.outcomes.neverHold(command);
    this.sendCommand(command);
    await command.promise;
  }

  /** Ends the connection for good. Held commands are rejected; sent commands get up to `limitMs` to be answered. */
  async shutDown(limitMs: number): Promise<void> {
    this.outcomes.end();
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      whenDrained(this, isBlocking, () => {
        clearTimeout(limit);
        resolve();
      });
    });
    this.disconnect();
    this.line.end();
  }

  /** Checks the socket too, because a socket that fails during a write emits no event before the next turn. */
  private get canWrite(): boolean {
    return this.line.isOpen && this.stream.writable;
  }

  private hold(command: Command, stream: CommandStream | undefined): unknown {
    if (this.status === 'end') {
      return super.sendCommand(command, stream);
    }
    if (command.name === 'quit') {
      this.disconnect();
      command.resolve(Buffer.from('OK'));
      return command.promise;
    }
    if (this.status === 'wait') {
      this.connect().catch(() => undefined);
    }
    super.sendCommand.call(this.parked, command, stream);
    this.outcomes.hold({ command, stream, db: this.db });
    letAutoPipelinesRun(this);
    return command.promise;
  }

  private write(command: Command, stream: CommandStream | undefined): unknown {
    if (typeof this.options.commandTimeout === 'number') {
      markRejection(command);
    }
    return super.sendCommand(command, stream);
  }

  /** A pipeline is written only after every member was counted, including those that are not sent. */
  private skip(command: Command, stream: CommandStream | undefined): unknown {
    if (isPipeline(stream) && this.canWrite) {
      skipMember(stream);
    } else if (isPipeline(stream)) {
      this.outcomes.skip(stream);
    }
    return command.promise;
  }

  private release(): void {
    if (!this.canWrite) {
      return;
    }
    this.outcomes.release((command, stream, db = this.db) => {
      if (!this.canWrite) {
        // The previous command made the socket fail. ioredis would put this one into its own queue, without our limits.
        this.outcomes.hold({ command, stream, db });
        return;
      }
      if (command.name !== 'select') {
        this.useDb(db);
      }
      super.sendCommand(command, stream);
    });
    this.useDb(this.db);
  }

  private useDb(db: number): void {
    if (this.canWrite && db !== this.condition?.select) {
      const select = new Command('select', [db]);
      leaveUnlessSelected(this, select);
      super.sendCommand(select);
    }
  }

  /** The event is emitted asynchronously, so the app may have connected again by now. */
  private onEnded(): void {
    this.outcomes.end();
    if (this.status === 'end') {
      this.line.stopFollowing();
    }
  }

  private shut(): void {
    flushAutoPipelines(this);
    if (this.outcomes.interrupt()) {
      // The next command on this connection would become part of the open transaction.
      this.stream.destroy();
    }
  }

  private lose(node: string): void {
    // If the app closed it, or before it was ready, ioredis ends the commands in flight as its users expect.
    if (this.closedBy === 'nobody' && this.status !== 'connect') {
      this.outcomes.lost(takeInFlight(this), node);
    }
  }
}
