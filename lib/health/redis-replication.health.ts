import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { Cluster, Redis } from 'ioredis';
import { monotonicMs } from '../clock/clock.js';
import type { ClusterReplication } from '../nest/cluster-replication.js';
import type { Replication } from '../nest/replication.js';
import { masterOf } from '../topology/topology.js';
import { namesOfInstances } from '../nest/instance-names.js';
import { DEFAULT_NAME, getRedisWriterToken, getReplicationToken } from '../nest/tokens.js';
import { durationMs, findFaults, text, throwFaults } from '../options/rules.js';
import { judgeClusterHealth, type ClusterHealthVerdict } from './judge-cluster-health.js';
import { judgeHealth, type HealthVerdict } from './judge-health.js';
import { probeShards } from './probe-cluster.js';
import { probeWrite } from './probe-write.js';

/** @publicApi */
export interface IsWritableOptions {
  /** The `name` of the instance, if it has one. */
  readonly name?: string;
  /** How long the master may take to answer the test write, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
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
    this.terminus ??= await this.findTerminus();
    const session: Session<Key> = this.terminus.check(key);
    try {
      const { status, data } = await this.judge(options);
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

  private async judge(given: IsWritableOptions): Promise<HealthVerdict | ClusterHealthVerdict> {
    throwFaults(findFaults(rules, given), 'isWritable: ');
    const { name = DEFAULT_NAME, timeoutMs = DEFAULT_TIMEOUT_MS } = given;
    this.requireKnown(name);
    const token = getReplicationToken(name);
    const replication = this.moduleRef.get<Replication | ClusterReplication>(token, { strict: false });
    const writer = getRedisWriterToken(name);
    if ('kind' in replication) {
      const cluster = this.moduleRef.get<Cluster>(writer, { strict: false });
      const probed = await probeShards(replication, cluster, timeoutMs);
      return judgeClusterHealth(replication.latest, probed, replication.options);
    }
    return this.judgeGroup(replication, this.moduleRef.get<Redis>(writer, { strict: false }), timeoutMs);
  }

  private async judgeGroup(
    replication: Replication,
    writer: Redis,
    timeoutMs: number,
  ): Promise<HealthVerdict> {
    const { options } = replication;
    const startedAt = monotonicMs();
    const isAnswering = () => {
      const master = masterOf(replication.latest);
      return master !== undefined && replication.hasAnsweredSince(master, startedAt);
    };
    const probe = await probeWrite(writer, {
      key: options.probeKey,
      limitMs: timeoutMs,
      probeNodes: () => replication.probe(),
      isAnswering,
    });
    return judgeHealth(replication.latest, probe, options);
  }

  private requireKnown(name: string): void {
    const known = namesOfInstances(this.moduleRef.get(ModulesContainer, { strict: false }));
    if (known !== undefined && !known.includes(name)) {
      const shown = known.map((each) => `"${each}"`).join(', ');
      throw new TypeError(`isWritable: there is no instance "${name}"; known are ${shown || 'none'}`);
    }
  }
}
