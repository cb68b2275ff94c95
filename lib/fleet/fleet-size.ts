/**
 * How many apps watch one node, this one included.
 *
 * - `counted`: the number of apps that subscribe to the fleet's channel, so this app can leave probes to the others.
 * - `estimated`: this app receives no announcements; the size is derived from the number of clients of the node.
 * - `unknown`: this app receives no announcements, and the node does not report how many clients it has.
 */
export type FleetSize =
  { readonly kind: 'counted' | 'estimated'; readonly size: number } | { readonly kind: 'unknown' };

/** An app has two connections that watch a node, and one or two that use it. */
const CLIENTS_PER_APP = 3;

/** Estimates the number of apps from `connected_clients` of a node. */
export function estimateFleetSize(connectedClients: string | undefined): FleetSize {
  const clients = Number(connectedClients);
  return Number.isFinite(clients)
    ? { kind: 'estimated', size: Math.max(1, Math.round(clients / CLIENTS_PER_APP)) }
    : { kind: 'unknown' };
}

/** Reads the reply to `PUBSUB NUMSUB` with one channel: the name of the channel, then its number of subscribers. */
export function countSubscribers(reply: unknown): FleetSize {
  const subscribers = Array.isArray(reply) ? Number(reply[1]) : 0;
  return { kind: 'counted', size: Math.max(1, subscribers || 0) };
}
