import { whenInSync } from '../../lib/testing/servers/replication.js';
import type { FaultContext } from './fault-context.js';
import { weightedFaults, type WeightedFault } from './fault-table.js';
import { whenHealthy } from './group.js';
import { whenReceived } from './wait.js';

export interface Chaos extends Omit<FaultContext, 'fault' | 'remark'> {
  /** Prints each event as it happens. */
  readonly print: (line: string) => void;
}

/** Applies one fault after another, each to a group that is healthy again, until the time is up. */
export async function runChaos(chaos: Chaos, until: number): Promise<void> {
  let deck: readonly WeightedFault[] = [];
  for (let number = 1; performance.now() < until; number += 1) {
    deck = deck.length > 0 ? deck : chaos.random.shuffled(weightedFaults.flatMap(repeat));
    const [next, ...rest] = deck;
    deck = rest;
    if (next !== undefined) await applyFault(next, number, chaos);
  }
}

/** The weight of a fault is how often it comes in each round. */
function repeat(fault: WeightedFault): readonly WeightedFault[] {
  return Array.from({ length: fault.weight }, () => fault);
}

async function applyFault({ name, apply }: WeightedFault, number: number, chaos: Chaos): Promise<void> {
  const { group, loads, recorder } = chaos;
  const remarks: string[] = [];
  loads.forEach(({ pulse }) => pulse.takeStall());
  try {
    await apply({ ...chaos, fault: name, remark: (text) => void remarks.push(text) });
    await whenHealthy(group);
    await whenServed(chaos);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    recorder.incident(`#${number} ${name}: ${reason}`);
    throw error;
  } finally {
    const stallMs = Math.max(...loads.map(({ pulse }) => pulse.takeStall()));
    recorder.fault({ name, stallMs });
    const columns = [
      `#${number}`.padStart(4),
      name.padEnd(44),
      `master ${group.master.name}`,
      `longest stall ${stallMs.toFixed(0).padStart(5)} ms`,
      ...remarks,
    ];
    chaos.print(columns.join('  '));
  }
}

/** Waits until every app makes progress in every way, receives messages, and all replicas are in sync. */
async function whenServed({ group, loads }: Chaos): Promise<void> {
  const since = performance.now();
  await Promise.all(loads.map(({ app, pulse }) => pulse.whenGoingOn(`app ${app.name}`, since)));
  await whenReceived(loads, since);
  await whenInSync(
    group.master.server,
    group.replicas.map(({ server }) => server),
  );
}
