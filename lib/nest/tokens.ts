import { Inject } from '@nestjs/common';

/** The name of an instance without a `name`. */
export const DEFAULT_NAME = 'default';

/**
 * The token of the writer of the instance `name`, for `overrideProvider` in tests and `inject` of factories.
 *
 * @publicApi
 */
export function getRedisWriterToken(name: string = DEFAULT_NAME): string {
  return `RedisWriter(${name})`;
}

/**
 * The token of the reader of the instance `name`.
 *
 * @publicApi
 */
export function getRedisReaderToken(name: string = DEFAULT_NAME): string {
  return `RedisReader(${name})`;
}

/**
 * The token of the topology stream of the instance `name`.
 *
 * @publicApi
 */
export function getRedisTopologyToken(name: string = DEFAULT_NAME): string {
  return `RedisTopology(${name})`;
}

/**
 * The token of the failovers of the instance `name`.
 *
 * @publicApi
 */
export function getRedisFailoversToken(name: string = DEFAULT_NAME): string {
  return `RedisFailovers(${name})`;
}

/** The token of the `Replication` that creates them; internal. */
export function getReplicationToken(name: string = DEFAULT_NAME): string {
  return `RedisReplication(${name})`;
}

/**
 * Injects the writer: an ioredis `Redis` that always leads to the master.
 *
 * @publicApi
 */
export const InjectRedisWriter = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getRedisWriterToken(name));

/**
 * Injects the reader: an ioredis `Redis` that leads to a node chosen by `readFrom` and refuses everything but reads.
 *
 * @publicApi
 */
export const InjectRedisReader = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getRedisReaderToken(name));

/**
 * Injects the topology: an `Observable<Topology>` that replays the latest, never errors, and completes at shutdown.
 *
 * @publicApi
 */
export const InjectRedisTopology = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getRedisTopologyToken(name));

/**
 * Injects the failovers that this process went through: `RedisFailovers`, with `failovers$` and `lastFailover`.
 *
 * @publicApi
 */
export const InjectRedisFailovers = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getRedisFailoversToken(name));
