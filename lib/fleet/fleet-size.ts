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
const FEWEST_CLIENTS_PER_APP = 2;

/** A larger fleet counts as one of this size, so that whoever exaggerates delays an app by a second at most. */
export const MOST_APPS = 10_000;

/** What is believed of a node that does not tell how many clients it has: as many apps as delay one another least. */
export const MOST_APPS_UNCHECKED = 2000;

/** Estimates the number of apps from `connected_clients` of a node. */
export function estimateFleetSize(connectedClients: unknown): FleetSize {
  const clients = readCount(connectedClients);
  return clients === undefined
    ? { kind: 'unknown' }
    : { kind: 'estimated', size: atLeastThisApp(Math.round(clients / CLIENTS_PER_APP)) };
}

/** Reads the reply to `PUBSUB NUMSUB` with one channel: its name, then its number of subscribers. */
export function countSubscribers(reply: unknown): number | undefined {
  return Array.isArray(reply) ? readCount(reply[1]) : undefined;
}

/**
 * How many of the subscribers can be apps: each app has two connections at least, so never more than half of
 * `connected_clients`. A number of subscribers that cannot be true counts as the highest that can.
 */
export function believeSubscribers(subscribers: number | undefined, connectedClients: unknown): FleetSize {
  const clients = readCount(connectedClients);
  const possible = clients === undefined ? MOST_APPS_UNCHECKED : Math.floor(clients / FEWEST_CLIENTS_PER_APP);
  return { kind: 'counted', size: atLeastThisApp(Math.min(subscribers ?? MOST_APPS, possible)) };
}

function atLeastThisApp(size: number): number {
  return Math.max(1, Math.min(size, MOST_APPS));
}

const HIGHEST_COUNT = 2 ** 31 - 1;

/** `undefined` for what cannot be a number of clients: a node may send anything. */
function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= HIGHEST_COUNT
    ? count
    : undefined;
}
