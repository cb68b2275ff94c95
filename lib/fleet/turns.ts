import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { Signal } from '../topology/signal.js';
import type { FleetSize } from './fleet-size.js';

/** The position of one app in the fleet of a node. */
interface FleetPosition {
  readonly endpoint: Endpoint;
  readonly fleetSize: FleetSize;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

/**
 * How long to wait after a signal before a node is probed, in milliseconds. An app that is alone probes at once. In a
 * fleet, an app probes at once if the signal concerns its own connection to this node or an announcement on it.
 * Otherwise one app, on average, probes at once, and the others take turns, one every `gapMs`.
 */
export function delayAfter(
  signal: Signal,
  { endpoint, fleetSize, random }: FleetPosition,
  gapMs: number,
): number {
  const isOwn = signal.endpoint === formatEndpoint(endpoint) && signal.kind !== 'unblocked';
  const isWaitedFor = signal.kind === 'start' || signal.kind === 'requested';
  if (isOwn || isWaitedFor || fleetSize.kind !== 'counted' || isDrawn(fleetSize.size, random)) {
    return 0;
  }
  return random * fleetSize.size * gapMs;
}

/** How often one app probes a node so that the whole fleet does so every `gapMs`, in milliseconds. */
interface ProbeShare {
  readonly gapMs: number;
  /** For how long after a signal the app keeps this pace. */
  readonly denseMs: number;
}

interface Pacing {
  readonly gapMs: number;
  /** The longest gap of an app that receives no announcements. */
  readonly maxGapMs: number;
  readonly denseMs: number;
}

/** For an app that neither receives announcements nor knows how many others there are. */
const SHARE_OF_UNKNOWN = { gapMs: 20, denseMs: 1000 };

/** The share of one app in the probes that the whole fleet sends. */
export function shareOf(fleetSize: FleetSize, { gapMs, maxGapMs, denseMs }: Pacing): ProbeShare {
  switch (fleetSize.kind) {
    case 'counted':
      return { gapMs: fleetSize.size * gapMs, denseMs };
    case 'estimated':
      // No announcement would reach this app, so it cannot wait for its turn in a large fleet.
      return { gapMs: Math.min(fleetSize.size * gapMs, maxGapMs), denseMs };
    case 'unknown':
      return SHARE_OF_UNKNOWN;
    default:
      return fleetSize satisfies never;
  }
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
