import type { FleetSize } from '../fleet/fleet-size.js';
import type { NodeFleet } from '../fleet/node-fleet.js';
import type { NodeFault, Observation } from '../topology/observation.js';
import type { SignalKind } from '../topology/signal.js';

/** What a stream has done since it was created, and what it knows of the fleets of its nodes now. */
export interface Activity {
  /** How many probes have ended, by their result. */
  readonly probes: ReadonlyMap<ProbeResult, number>;
  /** How many sweeps have begun, by the signal that began them. */
  readonly sweeps: ReadonlyMap<SignalKind, number>;
  /** How many apps watch each node, this one included. */
  readonly fleets: ReadonlyMap<string, FleetSize>;
}

export type ProbeResult = 'answered' | NodeFault;

/** Counts what a stream does. */
export class StreamActivity {
  readonly #probes = new Map<ProbeResult, number>();
  readonly #sweeps = new Map<SignalKind, number>();
  /** By endpoint. */
  readonly fleets = new Map<string, NodeFleet>();

  probed(observation: Observation): void {
    if (observation.kind !== 'pending') {
      countIn(this.#probes, observation.kind === 'faulty' ? observation.fault : 'answered');
    }
  }

  swept(signal: SignalKind): void {
    countIn(this.#sweeps, signal);
  }

  read(): Activity {
    const fleets = [...this.fleets].map(([endpoint, { size }]) => [endpoint, size] as const);
    return { probes: this.#probes, sweeps: this.#sweeps, fleets: new Map(fleets) };
  }
}

function countIn<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
