/**
 * Why nodes are probed again. A signal is never evidence: it only schedules a probe of the nodes.
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
  | 'source event'
  | 'maintenance'
  | 'requested';

export interface Signal {
  readonly kind: SignalKind;
  /** The node that the signal is about; absent if it is about none. */
  readonly endpoint?: string;
  /** Milliseconds of a monotonic clock, as `performance.now()`. */
  readonly at: number;
}
