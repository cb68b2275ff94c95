import type { SignalKind } from '../topology/signal.js';

/**
 * The first sign that the old master was gone.
 *
 * - `connection closed`: a connection to it was closed or refused, as after a crash, a kill or a restart.
 * - `hung`: it did not answer in time.
 * - `demoted`: it refused a write (`READONLY`), or a new connection to it showed another role.
 * - `hand-over`: it ended a blocking read, as a master does that hands over or is made a replica, or told of its
 *   maintenance.
 * - `push`: another app of the fleet announced the new master.
 * - `source`: the source of nodes told of a change, as Sentinels do.
 * - `polling`: a regular probe found it.
 * - `requested`: a probe found it that a health check or the cluster's own view had asked for.
 *
 * @publicApi
 */
export type FailoverCause =
  'connection closed' | 'hung' | 'demoted' | 'hand-over' | 'push' | 'source' | 'polling' | 'requested';

const causes: Readonly<Record<SignalKind, FailoverCause>> = {
  'connection closed': 'connection closed',
  'connection failed': 'connection closed',
  'reply timed out': 'hung',
  'write refused': 'demoted',
  'wrong role': 'demoted',
  unblocked: 'hand-over',
  maintenance: 'hand-over',
  announced: 'push',
  'source event': 'source',
  poll: 'polling',
  start: 'polling',
  requested: 'requested',
};

export function causeOf(signal: SignalKind): FailoverCause {
  return causes[signal];
}
