import { Command, Redis, type RedisOptions } from 'ioredis';
import { Subscription } from 'rxjs';
import { isBlocking } from './command-traits.js';
import { ReadOnlyConnectionError } from './errors.js';
import {
  forgetManualClose,
  hideCredentials,
  isHandshake,
  isPipeline,
  markRejection,
  skipMember,
  takeInFlight,
  type CommandItem,
  type CommandStream,
} from './ioredis-internals.js';
import type { LineSettings } from './line-state.js';
import { NodeLine } from './node-line.js';
import { Outcomes } from './outcomes.js';
import { ownedSettings } from './redis-options.js';
import type { HoldOptions } from './rejections.js';
import { connectorFor } from './topology-connector.js';
import { concernsTransactions } from './transactions.js';

export interface FollowingSettings {
  readonly redis: Omit<RedisOptions, 'replyMapping'>;
  readonly line: LineSettings;
  readonly hold: HoldOptions;
  /** Why a command must not be sent on this connection, in words for the caller. */
  readonly refuse?: (commandName: string) => string | undefined;
  readonly onError: (error: Error) => void;
  /** When the connection is made; `lazyConnect` of ioredis has its say too. Duplicates begin at once. */
  readonly begin: 'at once' | 'when asked';
}

/**
 * An ioredis connection whose socket always leads to the node that the topology picks. It stays the same object;
 * commands wait while there is no node, and each ends in a way the caller can tell.
 */
export class FollowingRedis extends Redis {
  // Not `#private`: tools that instrument providers hand out proxies, on which private fields cannot be read.
  private readonly line: NodeLine;
  private readonly outcomes: Outcomes;
  private readonly settings: FollowingSettings;
  private issuedDb: number | undefined;
  private closedBy: 'nobody' | 'the app' = 'nobody';

  constructor(settings: FollowingSettings) {
    const line = new NodeLine(settings.line);
    const lazyConnect = settings.begin === 'when asked' || settings.redis.lazyConnect === true;
    super({ ...settings.redis, ...ownedSettings, lazyConnect, Connector: connectorFor(line) });
    this.settings = settings;
    this.line = line;
    this.outcomes = new Outcomes(settings.hold, () => ({
      generation: line.generation,
      node: 'endpoint' in line.state ? line.state.endpoint : undefined,
      reason: line.reason,
    }));
    line.attach({
      onOpen: () => this.release(),
      onLost: (node) => this.lose(node),
      whenDrained: (callback) => this.whenDrained(callback),
      onEnd: () => this.disconnect(),
    });
    this.on('error', settings.onError);
    this.on('ready', () => line.ready());
    this.on('end', () => this.outcomes.end());
  }

  /** How many commands wait for a node. */
  get heldCommands(): number {
    return this.outcomes.heldCommands;
  }

  override sendCommand(command: Command, stream?: CommandStream): unknown {
    if (this.settings.refuse !== undefined && !this.mayRead(command, stream)) {
      return command.promise;
    }
    if (concernsTransactions(command) || this.outcomes.isInTransaction) {
      this.outcomes.note(command, stream);
    }
    if (!this.line.isOpen && !isHandshake(this, command, stream)) {
      return this.hold(command, stream);
    }
    return this.write(command, stream);
  }

  override handleReconnection(error: Error, item: CommandItem): void {
    hideCredentials(error, item.command.name);
    const verdict = this.status === 'ready' ? this.outcomes.refused(error, item) : 'not a refusal';
    if (verdict === 'not a refusal') {
      super.handleReconnection(error, item);
    } else {
      this.line.refused();
    }
  }

  override disconnect(reconnect = false): void {
    this.closedBy = reconnect ? this.closedBy : 'the app';
    super.disconnect(reconnect);
  }

  override connect(callback?: (error?: Error | null) => void): Promise<void> {
    this.closedBy = 'nobody';
    forgetManualClose(this);
    return super.connect(callback);
  }

  /** A connection of its own, with the same options, that follows as well. */
  override duplicate(override: Partial<RedisOptions> = {}): Redis {
    return new FollowingRedis({
      ...this.settings,
      begin: 'at once',
      redis: { ...this.settings.redis, ...override },
    });
  }

  /**
   * Asks the node whether it takes writes now, without waiting for a better one and without changing anything.
   * Rejects with the server's own error, or with `NotAppliedError` where there is no node.
   */
  async probeWrite(key: string): Promise<void> {
    const { keyPrefix } = this.options;
    const command = new Command('set', [key, '1', 'XX'], {
      replyEncoding: 'utf8',
      ...(keyPrefix !== undefined && { keyPrefix }),
    });
    this.outcomes.neverHold(command);
    this.sendCommand(command);
    await command.promise;
  }

  /** Ends the connection for good: what waits is rejected, what was sent gets up to `limitMs` to be answered. */
  async shutDown(limitMs: number): Promise<void> {
    this.outcomes.end();
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.whenDrained(() => {
        clearTimeout(limit);
        resolve();
      });
    });
    this.disconnect();
    this.line.end();
  }

  private mayRead(command: Command, stream: CommandStream | undefined): boolean {
    const advice = isHandshake(this, command, stream) ? undefined : this.settings.refuse?.(command.name);
    if (advice === undefined) {
      return true;
    }
    command.reject(new ReadOnlyConnectionError(command.name, advice));
    this.skip(stream);
    return false;
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
    const { commandTimeout } = this.options;
    markRejection(command);
    if (typeof commandTimeout === 'number') {
      command.setTimeout(commandTimeout);
    }
    this.issuedDb = selectedBy(command) ?? this.issuedDb;
    this.outcomes.hold({ command, stream, db: this.issuedDb ?? this.condition?.select });
    return command.promise;
  }

  private write(command: Command, stream: CommandStream | undefined): unknown {
    if (concernsTransactions(command) && !this.outcomes.admit(command)) {
      this.skip(stream);
      return command.promise;
    }
    if (typeof this.options.commandTimeout === 'number') {
      markRejection(command);
    }
    return super.sendCommand(command, stream);
  }

  /** A pipeline is written when each of its members was handed in, those that are not sent too. */
  private skip(stream: CommandStream | undefined): void {
    if (!isPipeline(stream)) {
      return;
    }
    if (this.line.isOpen) {
      skipMember(stream);
    } else {
      this.outcomes.skip(stream);
    }
  }

  private release(): void {
    this.issuedDb = undefined;
    this.outcomes.release((command, stream, db) => {
      if (db !== undefined && db !== this.condition?.select && command.name !== 'select') {
        super.sendCommand(new Command('select', [db]));
      }
      super.sendCommand(command, stream);
    });
  }

  private lose(node: string): void {
    // Closed by the app itself: ioredis ends what is in flight the way its users know.
    if (this.closedBy === 'nobody') {
      this.outcomes.lost(takeInFlight(this), node);
    }
  }

  /** A command that waits for data may be answered in an hour: it does not keep us on a node we must leave. */
  private whenDrained(callback: () => void): Subscription {
    const { stream } = this;
    const isDrained = () => this.commandQueue.toArray().every(({ command }) => isBlocking(command.name));
    if (stream === undefined || isDrained()) {
      const soon = setImmediate(callback);
      return new Subscription(() => clearImmediate(soon));
    }
    const onData = () => {
      if (isDrained()) {
        stream.off('data', onData);
        callback();
      }
    };
    stream.on('data', onData);
    stream.once('close', callback);
    return new Subscription(() => stream.off('data', onData).off('close', callback));
  }
}

function selectedBy(command: Command): number | undefined {
  const db = command.name === 'select' ? Number(command.args[0]) : Number.NaN;
  return Number.isInteger(db) ? db : undefined;
}
