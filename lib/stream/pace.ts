import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';
import { masterOf, type Topology } from '../topology/topology.js';

/** How eagerly nodes are looked at. */
export type Pace =
  | { readonly kind: 'calm' }
  | {
      readonly kind: 'sweeping';
      /** The signal that began the sweep. */
      readonly signal: Signal;
      /** Looks are as dense as can be until then, in milliseconds since the epoch. */
      readonly denseUntil: number;
    };

/** How dense looks are, all in milliseconds. */
export interface Cadence {
  readonly pollIntervalMs: number;
  readonly sweepGapMs: number;
  readonly sweepGapMaxMs: number;
  readonly denseMs: number;
}

/** A signal begins a sweep, or makes the one under way dense again for a while. */
export function onSignal(pace: Pace, signal: Signal, { denseMs }: Cadence): Pace {
  return pace.kind === 'calm'
    ? { kind: 'sweeping', signal, denseUntil: signal.at + denseMs }
    : { ...pace, denseUntil: Math.max(pace.denseUntil, signal.at + denseMs / 10) };
}

/** A sweep ends when every node was looked at since it began and there is a master to write to. */
export function onTopology(pace: Pace, topology: Topology, observations: readonly Observation[]): Pace {
  if (pace.kind === 'calm') {
    return pace;
  }
  const isComplete = observations.every(
    ({ kind, signal }) => kind !== 'pending' && signal.at >= pace.signal.at,
  );
  return isComplete && masterOf(topology) !== undefined ? { kind: 'calm' } : pace;
}

interface Moment {
  /** What the last look at the node saw. */
  readonly last: Observation;
  readonly now: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/** How long to wait before the same node is looked at again. */
export function nextGapMs(pace: Pace, cadence: Cadence, { last, now, random }: Moment): number {
  if (pace.kind === 'calm') {
    // Jitter keeps the apps of a fleet from asking in step.
    return cadence.pollIntervalMs * (0.9 + 0.2 * random);
  }
  // A node that is not there costs a dial each time, and its return is rarely what ends a failover.
  const gapMs = last.kind === 'faulty' ? cadence.sweepGapMs * 10 : cadence.sweepGapMs;
  return now < pace.denseUntil ? gapMs : cadence.sweepGapMaxMs * (0.75 + 0.25 * random);
}
