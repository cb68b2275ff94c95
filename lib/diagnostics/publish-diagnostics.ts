import { channel } from 'node:diagnostics_channel';
import type { Observable, Subscription } from 'rxjs';
import type { ClusterTopology } from '../cluster/cluster-topology.js';
import type { ConnectionEvent } from '../connections/outcomes/connection-event.js';
import type { FailoverRecord } from '../history/failover-record.js';
import type { Topology } from '../topology/topology.js';

/**
 * The messages on the channels of `node:diagnostics_channel`, by the name of the channel. Each has the `name` of its
 * instance. All are plain, immutable values without credentials, keys or arguments. Nothing is published on a channel to
 * which nobody has subscribed, and nothing is replayed.
 *
 * @publicApi
 */
export interface RedisReplicationDiagnostics {
  /** The topology has changed. Of a Redis Cluster it is that of all shards, and has `shards`. */
  readonly 'nestjs-redis-replication:topology': {
    readonly instance: string;
    readonly topology: Topology | ClusterTopology;
  };
  /** As `failovers$`: another master was accepted, its record is complete, or a loss of data was proven. */
  readonly 'nestjs-redis-replication:failover': {
    readonly instance: string;
    readonly failover: FailoverRecord;
  };
  /**
   * What became of a connection, or of a command that was not just written and answered. It is published while the command
   * is processed, so a subscriber has to be fast.
   */
  readonly 'nestjs-redis-replication:connection': {
    readonly instance: string;
    readonly event: ConnectionEvent;
  };
}

interface Published {
  readonly options: { readonly name: string };
  readonly topology$: Observable<Topology | ClusterTopology>;
  readonly failovers: { readonly failovers$: Observable<FailoverRecord> };
  readonly ledger: { readonly events$: Observable<ConnectionEvent> };
}

const publishTopology = publishOn('nestjs-redis-replication:topology');
const publishFailover = publishOn('nestjs-redis-replication:failover');
const publishEvent = publishOn('nestjs-redis-replication:connection');

/** Publishes what happens to one instance, until it is unsubscribed. To subscribe to the topology begins to probe. */
export function publishDiagnostics({ options, topology$, failovers, ledger }: Published): Subscription {
  const { name: instance } = options;
  const publishing = topology$.subscribe((topology) => publishTopology({ instance, topology }));
  publishing.add(failovers.failovers$.subscribe((failover) => publishFailover({ instance, failover })));
  publishing.add(ledger.events$.subscribe((event) => publishEvent({ instance, event })));
  return publishing;
}

function publishOn<Name extends keyof RedisReplicationDiagnostics>(
  name: Name,
): (message: RedisReplicationDiagnostics[Name]) => void {
  const to = channel(name);
  return (message) => {
    if (to.hasSubscribers) {
      to.publish(message);
    }
  };
}
