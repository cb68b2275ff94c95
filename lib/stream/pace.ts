import type { Crowd } from '../fleet/fleet-size.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
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
      /** Whether there is a master meanwhile. */
      readonly master: 'known' | 'sought';
    };

export const calm: Pace = { kind: 'calm' };

/** How dense looks are, all in milliseconds. */
export interface Cadence {
  readonly pollIntervalMs: number;
  /** In a sweep each node is looked at as often as this by all apps that watch it together. */
  readonly sweepGapMs: number;
  readonly sweepGapMaxMs: number;
  readonly denseMs: number;
}

/** At first nobody knows anything. */
export function firstPace(now: number, { denseMs }: Cadence): Pace {
  return {
    kind: 'sweeping',
    signal: { kind: 'start', at: now },
    denseUntil: now + denseMs,
    master: 'sought',
  };
}

/** A signal begins a sweep, or makes the one under way dense again for a while. */
export function onSignal(pace: Pace, signal: Signal, { denseMs }: Cadence): Pace {
  return pace.kind === 'calm'
    ? { kind: 'sweeping', signal, denseUntil: signal.at + denseMs, master: 'known' }
    : { ...pace, denseUntil: Math.max(pace.denseUntil, signal.at + denseMs / 10) };
}

/**
 * A sweep ends when every node was looked at since it began and there is a master to write to; where that is a new one,
 * when replicas were looked at since then, because most of them follow it within a moment.
 */
export function onTopology(pace: Pace, topology: Topology, observations: readonly Observation[]): Pace {
  if (pace.kind === 'calm') {
    return pace;
  }
  const { at: since = -Infinity } = topology.lastFailover ?? {};
  const isDone = ({ kind, signal }: Observation) => kind !== 'pending' && signal.at >= pace.signal.at;
  const isAhead = (each: Observation) =>
    each.kind === 'answered' && each.report.role === 'replica' && each.at <= since;
  const master = masterOf(topology) === undefined ? 'sought' : 'known';
  if (master === 'known' && observations.every((each) => isDone(each) && !isAhead(each))) {
    return calm;
  }
  return master === pace.master ? pace : { ...pace, master };
}

interface Onlooker {
  readonly endpoint: Endpoint;
  readonly crowd: Crowd;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/**
 * How soon after a signal a node is looked at, in milliseconds. Who is alone looks at once. In a fleet, those look at once
 * whose own connection to the node is concerned, or who were told on it; else one app does, on average, and the rest find
 * their places in the rounds that follow.
 */
export function delayAfter(
  signal: Signal,
  { endpoint, crowd, random }: Onlooker,
  { sweepGapMs }: Cadence,
): number {
  const isOwn = signal.endpoint === formatEndpoint(endpoint) && signal.kind !== 'unblocked';
  const isWaitedFor = signal.kind === 'start' || signal.kind === 'requested';
  if (isOwn || isWaitedFor || crowd.kind !== 'counted' || random * crowd.size < 1) {
    return 0;
  }
  return random * crowd.size * sweepGapMs;
}

/** Such a signal makes out of date what a look that is under way will see. */
export function isNews({ kind }: Signal): boolean {
  return kind === 'requested' || kind === 'announced';
}

interface Moment {
  /** What the last look at the node saw. */
  readonly last: Observation;
  readonly crowd: Crowd;
  readonly now: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/** How long to wait before the same node is looked at again. Jitter keeps the apps of a fleet from asking in step. */
export function nextGapMs(pace: Pace, cadence: Cadence, { last, crowd, now, random }: Moment): number {
  const jitter = 0.9 + 0.2 * random;
  if (pace.kind === 'calm') {
    return cadence.pollIntervalMs * jitter;
  }
  const gapMs = turnGapMs({
    crowd,
    cadence,
    ageMs: cadence.denseMs - (pace.denseUntil - now),
    master: pace.master,
  });
  return (last.kind === 'faulty' ? dialGapMs(gapMs, cadence) : gapMs) * jitter;
}

/** Most hand-overs are over within a few milliseconds of the first signal; a few apps may look more often then. */
const OPENING_MS = 20;
const DENSEST = 0.2;
/** Of an app that hears no other and cannot tell how many there are. */
const UNKNOWN_CROWD = { gapMs: 20, denseMs: 1000 };

interface Age {
  readonly crowd: Crowd;
  readonly cadence: Cadence;
  /** How long ago the sweep began, in milliseconds. */
  readonly ageMs: number;
  readonly master: 'known' | 'sought';
}

/** The share of one app in the looks that all apply together; later on ever less. */
function turnGapMs({ crowd, cadence, ageMs, master }: Age): number {
  const share = shareOf(crowd, cadence);
  if (master === 'sought' && ageMs < OPENING_MS && share.gapMs <= OPENING_MS) {
    return share.gapMs * Math.max(DENSEST, ageMs / OPENING_MS);
  }
  if (master === 'known') {
    // Nothing is sought: there is no reason to look more rarely than in calm.
    return Math.min(share.gapMs, cadence.pollIntervalMs);
  }
  const doublings = ageMs < share.denseMs ? 0 : 1 + Math.floor((ageMs - share.denseMs) / 1000);
  return Math.min(share.gapMs * 2 ** doublings, Math.max(share.gapMs, cadence.sweepGapMaxMs));
}

function shareOf(crowd: Crowd, { sweepGapMs: gapMs, sweepGapMaxMs, denseMs }: Cadence) {
  switch (crowd.kind) {
    case 'counted':
      return { gapMs: crowd.size * gapMs, denseMs };
    case 'guessed':
      // Nobody tells it of a promotion.
      return { gapMs: Math.min(crowd.size * gapMs, sweepGapMaxMs), denseMs };
    case 'unknown':
      return UNKNOWN_CROWD;
    default:
      return crowd satisfies never;
  }
}

const MOST_DIALS = 10;
const RAREST_DIAL_MS = 1000;

/** A node that is not there costs a dial each time, and nobody is asked anything. */
function dialGapMs(gapMs: number, { sweepGapMs: leastMs }: Cadence): number {
  return Math.min(Math.max(gapMs, MOST_DIALS * leastMs), RAREST_DIAL_MS);
}
