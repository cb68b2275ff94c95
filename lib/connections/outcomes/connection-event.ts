import type { NodeFault } from '../../topology/observation.js';

/**
 * Which connection of an app it is. All duplicates count as one, because there may be many of them.
 *
 * @publicApi
 */
export interface ConnectionIdentity {
  readonly connection: 'writer' | 'reader' | 'duplicate';
  /** Redis Cluster: the id of the shard; absent for what waits until the slots are known. */
  readonly shard?: string;
}

/**
 * Why a command is sent again: the server refused it because of its state (`READONLY`, `LOADING` and the like), or its
 * reply was lost and `resend` allows it.
 *
 * @publicApi
 */
export type ResendReason = 'refused' | 'reply lost';

/**
 * Why a command ended as not applied.
 *
 * - `timed out`, `full`, `too many bytes`: it could not be held, or not for longer; the limits are those of `hold`.
 * - `closed`: the app had closed the connection, or it was shut down.
 * - `transaction`: another command of its transaction could not be executed.
 * - `foreign cursor`: its cursor was issued by another server.
 *
 * @publicApi
 */
export type NotAppliedReason =
  'timed out' | 'full' | 'too many bytes' | 'closed' | 'transaction' | 'foreign cursor';

/**
 * Why the outcome of a command is unknown: its reply was lost, or the app closed the connection before it arrived.
 *
 * @publicApi
 */
export type UnknownReason = 'reply lost' | 'closed';

/**
 * Why a command was never sent: a reader takes reads only, and some commands would make a connection useless.
 *
 * @publicApi
 */
export type RefusalReason = 'not a read' | 'harmful';

/**
 * What became of one command. Commands that are written at once and answered cause none. `heldMs` is how long it was held,
 * in milliseconds. A command that is moved to another connection of a cluster while it is held is held twice.
 *
 * @publicApi
 */
export type CommandEvent =
  | { readonly kind: 'held' }
  | { readonly kind: 'sent'; readonly heldMs: number }
  | { readonly kind: 'sent again'; readonly reason: ResendReason; readonly heldMs: number }
  | { readonly kind: 'not applied'; readonly reason: NotAppliedReason; readonly heldMs?: number | undefined }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/**
 * What became of the connection itself.
 *
 * @publicApi
 */
export type LineEvent =
  /** Nothing may be written any more. */
  | { readonly kind: 'shut' }
  /** Commands may be written, and what was held has been. */
  | { readonly kind: 'open'; readonly node: string }
  /** An attempt to connect to the node failed: the dial, TLS or the handshake. */
  | { readonly kind: 'failed'; readonly node: string; readonly fault: NodeFault }
  /** The first write since the connection opened was answered; `tookMs` is the time from when it was sent. */
  | { readonly kind: 'acknowledged'; readonly node: string; readonly tookMs: number };

/**
 * One event of one connection; `at` is in milliseconds of the monotonic clock.
 *
 * @publicApi
 */
export type ConnectionEvent = ConnectionIdentity & { readonly at: number } & (CommandEvent | LineEvent);
