/**
 * How many apps watch one node, this one included.
 *
 * - `counted`: those that listen to one another, so that one of them can look for all.
 * - `guessed`: this app hears no other; the number of clients of the node tells how many there may be.
 * - `unknown`: this app hears no other, and nothing tells how many there are.
 */
export type Crowd =
  { readonly kind: 'counted' | 'guessed'; readonly size: number } | { readonly kind: 'unknown' };

/** An app has two connections to watch a node, and one or two to use it. */
const CLIENTS_PER_APP = 3;

/** What `connected_clients` of a node says of the number of apps. */
export function guessCrowd(connectedClients: string | undefined): Crowd {
  const clients = Number(connectedClients);
  return Number.isFinite(clients)
    ? { kind: 'guessed', size: Math.max(1, Math.round(clients / CLIENTS_PER_APP)) }
    : { kind: 'unknown' };
}

/** What `PUBSUB NUMSUB` with one channel says: the name of the channel, then how many listen. */
export function countCrowd(reply: unknown): Crowd {
  const listeners = Array.isArray(reply) ? Number(reply[1]) : 0;
  return { kind: 'counted', size: Math.max(1, listeners || 0) };
}
