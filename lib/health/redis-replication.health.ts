import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { findInstance } from '../nest/find-instance.js';
import { DEFAULT_NAME } from '../nest/tokens.js';
import { describeInstance, type GroupInfo } from './group-info.js';
import { durationMs, findFaults, text, throwFaults, wholeNumber } from '../options/rules.js';
import { checkReadable } from './check-readable.js';
import { checkWritable } from './check-writable.js';

/** @publicApi */
export interface IsWritableOptions {
  /** The `name` of the instance, if it has one. */
  readonly name?: string;
  /** How long the master may take to answer the test write, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
}

/** @publicApi */
export interface IsReadableOptions {
  /** The `name` of the instance, if it has one. */
  readonly name?: string;
  /** How long the node may take to answer the test read, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
  /** A replica that is further behind the master is `down`, in bytes of the replication stream. Default: any lag is fine. */
  readonly maxLagBytes?: number;
}

interface Verdict {
  readonly status: 'up' | 'degraded' | 'down';
  readonly data: object;
}

const DEFAULT_TIMEOUT_MS = 1000;
const rules = { name: text, timeoutMs: durationMs(1) };

/** The common interface of Terminus 11 and 12. Only 12 has `degraded`. */
interface Session<Key extends string> {
  up(data: Record<string, unknown>): HealthIndicatorResult<Key>;
  down(data: Record<string, unknown>): HealthIndicatorResult<Key>;
  degraded?(data: Record<string, unknown>): HealthIndicatorResult<Key>;
}

/**
 * Checks whether the master accepts writes, by a write on the connection of the writer that changes nothing.
 *
 * @example
 * ```ts
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.redis.isWritable('redis')]);
 * }
 * ```
 * @publicApi
 */
@Injectable()
export class RedisReplicationHealthIndicator implements OnModuleInit {
  private terminus: HealthIndicatorService | undefined;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** Fails the boot where `TerminusModule` is not imported. */
  async onModuleInit(): Promise<void> {
    this.terminus = await this.findTerminus();
  }

  /**
   * Resolves with one of these states:
   *
   * - `up`: the master accepts writes.
   * - `degraded`: it does, but fewer than `minReplicas` replicas are usable, another node claims to be the master, or
   *   nothing proves the master.
   *   Terminus 11 has no such status, so there it is `up`.
   * - `down`: it does not, for the reason in `reason`.
   *
   * A cluster is writable if each of its shards is, and `degraded` while one of them is or while slots are being moved;
   * `message` names the shards.
   *
   * Takes at most `timeoutMs`, never throws and opens no connection.
   */
  async isWritable<Key extends string>(
    key: Key,
    options: IsWritableOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    return this.check(key, () => {
      throwFaults(findFaults(rules, options), 'isWritable: ');
      const { name = DEFAULT_NAME, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
      return checkWritable(findInstance(this.moduleRef, name), timeoutMs);
    });
  }

  /**
   * Resolves with one of these states:
   *
   * - `up`: the node that the reader uses answers a read (`EXISTS` of the option `probeKey`), at most `maxLagBytes` behind
   *   the master.
   * - `degraded`: it answers, but it has no link to its master, or `maxLagBytes` is given and nobody knows how far it is
   *   behind. Terminus 11 has no such status, so there it is `up`.
   * - `down`: it does not answer, or it is too far behind, for the reason in `reason`.
   *
   * Takes at most `timeoutMs`, never throws and opens no connection.
   */
  async isReadable<Key extends string>(
    key: Key,
    options: IsReadableOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    return this.check(key, () => {
      throwFaults(findFaults({ ...rules, maxLagBytes: wholeNumber(0) }, options), 'isReadable: ');
      const { name = DEFAULT_NAME, timeoutMs = DEFAULT_TIMEOUT_MS, maxLagBytes } = options;
      return checkReadable(findInstance(this.moduleRef, name), { limitMs: timeoutMs, maxLagBytes });
    });
  }

  /**
   * What is known of an instance, for an endpoint with details: the topology and for how long it has been so, each node
   * with its version, held commands, the last failover, and the last error of each connection. Asks no server.
   *
   * @throws TypeError that lists the names in use, if no instance has this one.
   */
  groupInfo(name: string = DEFAULT_NAME): GroupInfo {
    return describeInstance(name, findInstance(this.moduleRef, name));
  }

  private async check<Key extends string>(
    key: Key,
    judge: () => Promise<Verdict>,
  ): Promise<HealthIndicatorResult<Key>> {
    this.terminus ??= await this.findTerminus();
    const session: Session<Key> = this.terminus.check(key);
    try {
      const { status, data } = await judge();
      switch (status) {
        case 'up':
          return session.up({ ...data });
        case 'degraded':
          return session.degraded?.({ ...data }) ?? session.up({ ...data });
        case 'down':
          return session.down({ ...data });
        default:
          return status satisfies never;
      }
    } catch (error) {
      return session.down({
        reason: 'ERROR',
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /**
   * Terminus is loaded after the modules of the app. Loading it with this file would need an import in the ESM entry, as
   * for Nest (`tools/build.mjs`), and without Terminus Node would then fail before we can say what to install.
   */
  private async findTerminus(): Promise<HealthIndicatorService> {
    const { HealthIndicatorService: token } = await import('@nestjs/terminus');
    return this.moduleRef.get(token, { strict: false });
  }
}
