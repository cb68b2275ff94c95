import type { FleetSize } from '../fleet/fleet-size.js';
import { longestGapMs, shareOf } from '../fleet/turns.js';
import type { Observation } from '../topology/observation.js';
import type { Signal } from '../topology/signal.js';
import type { Resolution } from '../topology/resolve-topology.js';
import { masterOf } from '../topology/topology.js';

/** How often nodes are probed. */
export type Pace =
  | { readonly kind: 'calm' }
  | {
      readonly kind: 'sweeping';
      /** The signal that began the sweep. */
      readonly signal: Signal;
      /** Until then, in milliseconds of the monotonic clock, probes are as frequent as possible. */
      readonly denseUntil: number;
      /** Whether there is a master at present. */
      readonly master: 'known' | 'sought';
    };

export const calm: Pace = { kind: 'calm' };

/** The gaps between probes, all in milliseconds. */
export interface Cadence {
  readonly pollIntervalMs: number;
  /** In a sweep, the apps that watch a node, taken together, probe it once in this time. */
  readonly sweepGapMs: number;
  readonly sweepGapMaxMs: number;
  readonly denseMs: number;
}

export function cadenceOf({ pollIntervalMs }: Pick<Cadence, 'pollIntervalMs'>): Cadence {
  return { pollIntervalMs, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 };
}

/** An app that starts knows nothing yet, so it begins with a sweep. */
export function firstPace(now: number, { denseMs }: Cadence): Pace {
  return {
    kind: 'sweeping',
    signal: { kind: 'start', at: now },
    denseUntil: now + denseMs,
    master: 'sought',
  };
}

/** A signal begins a sweep, or, during a sweep, makes probes frequent again for a tenth of `denseMs`. */
export function onSignal(pace: Pace, signal: Signal, { denseMs }: Cadence): Pace {
  return pace.kind === 'calm'
    ? { kind: 'sweeping', signal, denseUntil: signal.at + denseMs, master: 'known' }
    : { ...pace, denseUntil: Math.max(pace.denseUntil, signal.at + denseMs / 10) };
}

/**
 * A sweep ends when there is a master and every node has been probed since the sweep began. After a failover, replicas
 * must be probed once more, because most of them follow the new master only a moment later.
 */
export function onResolution(
  pace: Pace,
  { topology, acceptedAt = -Infinity }: Pick<Resolution, 'topology' | 'acceptedAt'>,
  observations: readonly Observation[],
): Pace {
  if (pace.kind === 'calm') {
    return pace;
  }
  const isDone = ({ kind, signal }: Observation) => kind !== 'pending' && signal.at >= pace.signal.at;
  const isOutdated = (each: Observation) =>
    each.kind === 'answered' && each.report.role === 'replica' && each.at <= acceptedAt;
  const master = masterOf(topology) === undefined ? 'sought' : 'known';
  if (master === 'known' && observations.every((each) => isDone(each) && !isOutdated(each))) {
    return calm;
  }
  return master === pace.master ? pace : { ...pace, master };
}

/** Whether a signal outdates what a probe under way will see. */
export function outdatesProbe({ kind }: Signal): boolean {
  return kind === 'requested' || kind === 'announced';
}

interface Moment {
  /** The result of the last probe of the node. */
  readonly last: Observation;
  readonly fleetSize: FleetSize;
  readonly now: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/** `setTimeout` takes a longer time for no time at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * How long to wait before the next probe of a node, in milliseconds. Jitter keeps the apps of a fleet from probing in
 * step. It has no part in the longest gap, because a fleet of 2,000 can neither wait longer nor ask more.
 */
export function nextGapMs(pace: Pace, cadence: Cadence, { last, fleetSize, now, random }: Moment): number {
  const jitter = 0.9 + 0.2 * random;
  if (pace.kind === 'calm') {
    return Math.min(cadence.pollIntervalMs * jitter, LONGEST_TIMER_MS);
  }
  const gapMs = turnGapMs({
    fleetSize,
    cadence,
    ageMs: cadence.denseMs - (pace.denseUntil - now),
    master: pace.master,
  });
  const longestMs = longestGapMs(fleetSize, { maxGapMs: cadence.sweepGapMaxMs });
  // A node for which the cluster is down answers, on the connection that there is.
  const isDialled = last.kind === 'faulty' && last.fault !== 'CLUSTERDOWN';
  return Math.min((isDialled ? dialGapMs(gapMs, cadence) : gapMs) * jitter, longestMs);
}

/** Most planned failovers are over within milliseconds of the first signal, so a small fleet probes faster at first. */
const OPENING_MS = 20;
const OPENING_FACTOR = 0.2;

interface Sweep {
  readonly fleetSize: FleetSize;
  readonly cadence: Cadence;
  /** How long ago the sweep began, in milliseconds. */
  readonly ageMs: number;
  readonly master: 'known' | 'sought';
}

/** The gap between two probes by this app: its share of the fleet's probes, fewer the longer the sweep takes. */
function turnGapMs({ fleetSize, cadence, ageMs, master }: Sweep): number {
  const share = shareOf(fleetSize, { gapMs: cadence.sweepGapMs, denseMs: cadence.denseMs });
  if (master === 'sought' && ageMs < OPENING_MS && share.gapMs <= OPENING_MS) {
    return share.gapMs * Math.max(OPENING_FACTOR, ageMs / OPENING_MS);
  }
  if (master === 'known') {
    // The rounds of a large fleet are long, and there is no reason to probe less often than in calm.
    return Math.min(share.gapMs, cadence.pollIntervalMs);
  }
  const doublings = ageMs < share.denseMs ? 0 : 1 + Math.floor((ageMs - share.denseMs) / 1000);
  return share.gapMs * 2 ** doublings;
}

const MIN_DIAL_FACTOR = 10;

/** Each probe of an unreachable node costs a dial, so the gap has a minimum. */
function dialGapMs(gapMs: number, { sweepGapMs }: Cadence): number {
  return Math.max(gapMs, MIN_DIAL_FACTOR * sweepGapMs);
}
