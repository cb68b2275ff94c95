import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Signal } from '../topology/signal.js';
import type { FleetSize } from './fleet-size.js';

/** How the apps of a fleet share the probes of a node. */
export interface Sharing {
  /** In a sweep, all apps together probe the node once in this time, in milliseconds. */
  readonly gapMs: number;
  /** No app waits longer for its next probe, in milliseconds, unless all together would then ask too much. */
  readonly maxGapMs: number;
}

/**
 * What all apps together may ask of a node in a millisecond while a master is sought. 8,000 questions a second take a
 * tenth of one core of an idle server, whichever command asks for the role.
 */
const MAX_QUESTIONS_PER_MS = 8;

/** If every app of the fleet leaves this time between two probes, they do not ask too much. In milliseconds. */
export function leastGapMs(fleetSize: FleetSize): number {
  return fleetSize.kind === 'unknown' ? 0 : fleetSize.size / MAX_QUESTIONS_PER_MS;
}

/**
 * The longest time between two probes of a node while a master is sought, in milliseconds. In a fleet of up to 2,000 it
 * does not depend on the size, because other clients can make a fleet look larger.
 */
export function longestGapMs(fleetSize: FleetSize, { maxGapMs }: Pick<Sharing, 'maxGapMs'>): number {
  return Math.max(maxGapMs, leastGapMs(fleetSize));
}

/** The position of one app in the fleet of a node. */
interface FleetPosition {
  readonly endpoint: Endpoint;
  readonly fleetSize: FleetSize;
  /** From 0 up to, not including, 1. */
  readonly random: number;
  /** How long ago this app began to probe the node, in milliseconds. */
  readonly sinceProbeMs: number;
}

/**
 * How long to wait after a signal before a node is probed, in milliseconds. An app that is alone probes at once. In a
 * fleet, an app probes at once if the signal concerns its own connection to this node or an announcement on it, but not
 * if the node has sent it to all apps.
 * Otherwise one app, on average, probes at once, and the others take turns, one every `gapMs`. An app that has just
 * probed waits until it may ask again, so that signals cannot make all apps ask too much.
 */
export function delayAfter(
  signal: Signal,
  { endpoint, fleetSize, random, sinceProbeMs }: FleetPosition,
  sharing: Sharing,
): number {
  const isForAll = signal.kind === 'unblocked' || signal.kind === 'maintenance';
  const isOwn = signal.endpoint === formatEndpoint(endpoint) && !isForAll;
  const isWaitedFor = signal.kind === 'start' || signal.kind === 'requested';
  if (isOwn || isWaitedFor) {
    return 0;
  }
  const restMs = leastGapMs(fleetSize) - sinceProbeMs;
  if (fleetSize.kind !== 'counted' || isDrawn(fleetSize.size, random)) {
    return Math.max(0, restMs);
  }
  const roundMs = Math.min(fleetSize.size * sharing.gapMs, longestGapMs(fleetSize, sharing));
  // Not at the very end of the rest, where an announcement would have the node probed a second time.
  return Math.min(Math.max(random * roundMs, restMs + sharing.gapMs), roundMs);
}

/** How often one app would probe a node if nothing but the number of apps counted, in milliseconds. */
interface ProbeShare {
  readonly gapMs: number;
  /** For how long after a signal the app keeps this pace. */
  readonly denseMs: number;
}

/** For an app that neither receives announcements nor knows how many others there are. */
const SHARE_OF_UNKNOWN = { gapMs: 20, denseMs: 1000 };

/** The share of one app in the probes that the whole fleet sends. */
export function shareOf(fleetSize: FleetSize, { gapMs, denseMs }: ProbeShare): ProbeShare {
  return fleetSize.kind === 'unknown' ? SHARE_OF_UNKNOWN : { gapMs: fleetSize.size * gapMs, denseMs };
}

/** However few the apps are, announcements have a node probed at most ten times a second by each of them. */
const MIN_NEWS_GAP_MS = 100;

/** The least time between two probes of a node that announcements cause, in milliseconds. */
export function newsGapMs(fleetSize: FleetSize): number {
  return Math.max(MIN_NEWS_GAP_MS, leastGapMs(fleetSize));
}

const MAX_SPREAD_MS = 1000;

/** A random delay, in milliseconds, that spreads an action of all apps over time; 0 for an app that is alone. */
export function spreadMs(fleetSize: FleetSize, random: number, gapMs: number): number {
  const others = fleetSize.kind === 'unknown' ? 0 : fleetSize.size - 1;
  return Math.min(others * gapMs, MAX_SPREAD_MS) * random;
}

/** Chooses one app of the fleet, on average. An app that cannot count the others is always chosen. */
export function isChosen(fleetSize: FleetSize, random: number): boolean {
  return fleetSize.kind !== 'counted' || isDrawn(fleetSize.size, random);
}

function isDrawn(size: number, random: number): boolean {
  return random * size < 1;
}
