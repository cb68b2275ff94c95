/**
 * Why to look again. A signal never says what is true: it only schedules a look at every node.
 *
 * @publicApi
 */
export type SignalKind =
  | 'start'
  | 'poll'
  | 'connection closed'
  | 'connection failed'
  | 'write refused'
  | 'wrong role'
  | 'unblocked'
  | 'reply timed out'
  | 'announced'
  | 'requested';

/** One signal: its kind, the node it came from (if any) and when, in milliseconds since the epoch. */
export interface Signal {
  readonly kind: SignalKind;
  readonly endpoint?: string;
  readonly at: number;
}
