import type { Attributes } from '@opentelemetry/api';

/*
 * The names of attributes. Those of the semantic conventions of OpenTelemetry where there is one, such as `error.type`; all
 * others begin with `redis.`. No value comes from a command: neither keys nor arguments, nor the text of an error.
 */

export const SCOPE = 'nestjs-redis-replication';

export const SYSTEM: Attributes = { 'db.system.name': 'redis' };

export const INSTANCE = 'redis.instance';
export const SHARD = 'redis.shard';
export const CONNECTION = 'redis.connection';
export const TOPOLOGY_KIND = 'redis.topology.kind';
export const NODE_KIND = 'redis.node.kind';
export const OUTCOME = 'redis.command.outcome';
export const REASON = 'redis.command.reason';
export const CAUSE = 'redis.failover.cause';
export const PROOF = 'redis.failover.proof';
export const PHASE = 'redis.failover.phase';
export const SIGNAL = 'redis.sweep.signal';
export const LOSS_KIND = 'redis.data_loss.kind';
export const FAULT = 'error.type';
export const POOL = 'db.client.connection.pool.name';
export const POOL_STATE = 'db.client.connection.state';
export const ADDRESS = 'server.address';
export const PORT = 'server.port';

/** A value as the label of a time series: `timed out` and `hand-over` become `timed_out` and `hand_over`. */
export function label(value: string): string {
  return value.replace(/[ -]/g, '_');
}
