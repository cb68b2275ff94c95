import { epochOffsetMs, monotonicMs } from '../clock/clock.js';
import { checkReadable } from '../health/check-readable.js';
import { checkWritable } from '../health/check-writable.js';
import type { Instance } from '../nest/find-instance.js';
import type { Topology } from '../topology/topology.js';
import { readState } from './dashboard-state.js';

/** What the health check says of one connection. */
export interface ConnectionHealth {
  readonly status: 'up' | 'degraded' | 'down';
  /** How long the test command took, in milliseconds; `null` if it was not answered. */
  readonly latencyMs: number | null;
  readonly reason?: string;
  readonly message?: string;
}

/** One measurement. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly writable: ConnectionHealth;
  readonly readable: ConnectionHealth;
  /** By the endpoint of the replica, where the lag is known. */
  readonly lagBytes: Readonly<Record<string, number>>;
}

/** As the health check without options. */
const LIMIT_MS = 1000;

/** Sends a test write and a test read, as the health check does, and reads how far each replica is behind. */
export async function measure(instance: Instance): Promise<Sample> {
  const [writable, readable] = await Promise.all([
    checkWritable(instance, LIMIT_MS),
    checkReadable(instance, { limitMs: LIMIT_MS, maxLagBytes: undefined }),
  ]);
  return {
    at: nowMs(),
    writable: shorten(writable),
    readable: shorten(readable),
    lagBytes: Object.fromEntries(readState(instance).groups.flatMap(({ topology }) => lagsIn(topology))),
  };
}

/** Milliseconds since the epoch. */
export function nowMs(): number {
  return Math.round(monotonicMs() + epochOffsetMs());
}

function lagsIn({ nodes }: Topology): readonly (readonly [endpoint: string, bytes: number])[] {
  return nodes.flatMap((node) =>
    'lagBytes' in node && node.lagBytes !== undefined ? [[node.endpoint, node.lagBytes] as const] : [],
  );
}

function shorten({
  status,
  data: { latencyMs, reason, message },
}: {
  readonly status: ConnectionHealth['status'];
  readonly data: Omit<ConnectionHealth, 'status'>;
}): ConnectionHealth {
  return {
    status,
    latencyMs,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
