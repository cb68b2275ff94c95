import { Cluster, type ClusterOptions, type Command } from 'ioredis';
import { Subscription } from 'rxjs';
import {
  fillSlots,
  isRunning,
  replaceParts,
  separateSlot,
  shareAutoPipelines,
  slotOfCommand,
} from '../connections/ioredis/cluster-internals.js';
import { isSettled, type CommandStream } from '../connections/ioredis/internals.js';
import type { LiveShard } from './cluster-loop.js';
import {
  clusterOptionsFor,
  duplicateClusterSettings,
  scriptsOf,
  type ClusterSettings,
} from './cluster-settings.js';
import { Subscriptions } from './cluster-subscriptions.js';
import { openShard, openSubscriber } from './open-shard.js';
import { isDown, readRedirection } from './redirection.js';
import { Redirections, type Handlers } from './redirections.js';
import { RoutingTable } from './routing-table.js';
import type { ShardConnection } from './shard-connection.js';
import { ShardPool } from './shard-pool.js';
import { WaitingCommands } from './waiting-commands.js';

type Of = Parameters<Cluster['handleError']>[1];

/**
 * An ioredis `Cluster` with one connection for each shard, which follows the shard's master. ioredis chooses the shard by
 * the slot of a command and follows redirections; the connection decides how the command ends.
 */
export class FollowingCluster extends Cluster {
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly settings: ClusterSettings;
  private readonly pool: ShardPool;
  private readonly subscriptions: Subscriptions;
  private readonly redirections: Redirections;
  private readonly waiting: WaitingCommands;
  private readonly table = new RoutingTable();
  /** Members of pipelines that were redirected, so that they are no longer part of what the pipeline writes. */
  private readonly alone = new WeakSet<Command>();
  private following = Subscription.EMPTY;

  constructor(settings: ClusterSettings) {
    super([...settings.startupNodes], clusterOptionsFor(settings));
    this.settings = settings;
    // As in `prepareClient`.
    this.options.lazyConnect = settings.redis.lazyConnect === true;
    this.pool = new ShardPool((live) => this.open(live));
    this.subscriptions = new Subscriptions(this, () => openSubscriber(settings));
    this.pool.attach(replaceParts(this, { pool: this.pool, subscriptions: this.subscriptions }));
    this.waiting = new WaitingCommands(settings.hold, settings.account);
    this.redirections = new Redirections({
      table: this.table,
      refresh: (endpoint) => settings.stream.refresh(endpoint),
      isRunning: () => isRunning(this) && !this.following.closed,
      limitMs: settings.hold.timeoutMs,
    });
    scriptsOf(settings).forEach(({ name, definition }) => this.defineCommand(name, definition));
    this.on('ready', () => this.waiting.release((command) => this.sendCommand(command)));
    this.on('end', () => this.stopWaiting());
    if (settings.begin === 'at once') {
      this.connect().catch(() => undefined);
    }
  }

  /** The connection to a shard, by the id of the shard. */
  connectionTo(shardId: string): ShardConnection | undefined {
    return this.pool.of(shardId);
  }

  override connect(): Promise<void> {
    const connected = super.connect();
    if (this.following.closed) {
      this.following = this.settings.stream.shards$.subscribe({
        next: (shards) => this.adopt(shards),
        complete: () => this.disconnect(),
      });
    }
    return connected;
  }

  override disconnect(reconnect = false): void {
    if (this.status !== 'end') {
      this.stopWaiting();
      super.disconnect(reconnect);
      this.stopRouting();
    }
  }

  override quit(callback?: Parameters<Cluster['quit']>[0]): Promise<'OK'> {
    this.stopWaiting();
    const quitting = super.quit(callback);
    this.stopRouting();
    return quitting;
  }

  /** Returns a second connection with the same options that also follows the shards. */
  override duplicate(_startupNodes?: unknown, override: ClusterOptions = {}): Cluster {
    return new FollowingCluster(duplicateClusterSettings(this.settings, override));
  }

  override sendCommand(command: Command, stream?: CommandStream, node?: unknown): unknown {
    if (this.status === 'ready') {
      return super.sendCommand(command, stream, node);
    }
    if (this.status === 'wait') {
      this.connect().catch(() => undefined);
    }
    if (isRunning(this) && stream === undefined) {
      this.waiting.add(command);
    } else {
      this.waiting.refuse(command);
    }
    return command.promise;
  }

  /** ioredis passes each error of a command here before the command is rejected. */
  override handleError(error: Error, of: Of, given: Handlers): void {
    const moved: Handlers['moved'] = (slot, key) => {
      separateSlot(this, slot);
      given.moved(slot, key);
    };
    const handle = () => this.redirections.handle(error, of, { ...given, moved });
    if (this.status === 'disconnecting') {
      this.whenEnded(handle);
    } else {
      handle();
    }
  }

  /** ioredis calls it when it needs the slots; they are learned by the stream. */
  override refreshSlotsCache(callback?: Parameters<Cluster['refreshSlotsCache']>[0]): void {
    if (this.table.isKnown) {
      this.emit('refresh');
    } else {
      this.settings.stream.refresh();
    }
    callback?.(null);
  }

  /** Pipelines wait here inside of ioredis until the slots are known. */
  override delayUntilReady(callback: Parameters<Cluster['delayUntilReady']>[0]): void {
    super.delayUntilReady(this.waiting.limit(callback));
  }

  /** Ends the connection for good. Held commands are rejected; sent commands get up to `limitMs` to be answered. */
  async shutDown(limitMs: number): Promise<void> {
    this.stopWaiting();
    await Promise.all([
      ...this.pool.connections.map((redis) => redis.shutDown(limitMs)),
      this.subscriptions.shutDown(limitMs),
    ]);
    this.disconnect();
  }

  /**
   * The connections to the shards end one after the other. Whoever disconnects finds all of them ended when a command is
   * rejected: BullMQ would connect anew otherwise.
   */
  private whenEnded(callback: () => void): void {
    const proceed = () => {
      this.off('end', proceed).off('connecting', proceed);
      callback();
    };
    this.on('end', proceed).on('connecting', proceed);
  }

  private stopWaiting(): void {
    this.following.unsubscribe();
    this.waiting.end();
  }

  private stopRouting(): void {
    this.redirections.end();
    // Pipelines then wait for the next connection like other commands.
    this.table.clear();
    fillSlots(this, this.table.keys);
  }

  private adopt(shards: readonly LiveShard[]): void {
    if (shards.length === 0) {
      return;
    }
    this.table.fill(shards.map(({ shard }) => shard));
    fillSlots(this, this.table.keys);
    const gone = this.pool.apply(shards);
    for (const redis of [...this.pool.connections, ...gone]) {
      const key = this.pool.keyOf(redis);
      redis.moveHeld(
        (command) => this.isElsewhere(command, key),
        (command) => this.sendAgain(command),
      );
    }
    gone.forEach((redis) => void redis.shutDown(this.settings.replyTimeoutMs));
    if (this.status === 'connecting') {
      this.emit('refresh');
    }
  }

  private open(live: LiveShard): ShardConnection {
    const { id } = live.shard;
    const redis = openShard(this.settings, live, {
      isRefusal: (message) => isDown(message) || this.table.isWithin(id, readRedirection(message)),
      redirect: (command, message) => this.redirectMember(command, message),
    });
    shareAutoPipelines(this, redis);
    if (!this.settings.isDuplicate && this.settings.redis.lazyConnect !== true) {
      redis.connect().catch(() => undefined);
    }
    return redis;
  }

  /** A command without a key can go to any shard, so it needs another only if its own is gone. */
  private isElsewhere(command: Command, key: string | undefined): boolean {
    const slot = slotOfCommand(command);
    return key === undefined || (slot !== undefined && this.table.keyOf(slot) !== key);
  }

  /** ioredis would redirect a pipeline only as a whole, and only if all of its members were redirected alike. */
  private redirectMember(command: Command, message: string): boolean {
    const redirection = readRedirection(message);
    const isMember =
      command.pipelineIndex !== undefined && !command.inTransaction && !this.alone.has(command);
    if (redirection === undefined || !isMember) {
      return false;
    }
    this.alone.add(command);
    this.table.note(redirection);
    this.settings.stream.refresh();
    this.sendAgain(command);
    return true;
  }

  private sendAgain(command: Command): void {
    if (command.name === 'asking') {
      // It is meant for the command after it on the connection that it was sent on.
      command.resolve('OK');
    } else if (!isSettled(command)) {
      this.alone.add(command);
      this.sendCommand(command);
    }
  }
}
