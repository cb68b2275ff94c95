import { setTimeout as delay } from 'node:timers/promises';
import { fleetKilled, fleetScenarios, type FleetScenario } from '../scenarios/fleet.js';
import { findRoles, openStage, type Stage } from '../scenarios/stage.js';
import { startSampling } from './command-counts.js';
import type { FleetKind } from './fleet-messages.js';
import { startFleet, type Fleet } from './fleet-processes.js';
import { findLoad, type NodeLoad } from './node-load.js';
import { limitMs, playFleetRound, type FleetRound } from './play-fleet-round.js';

export interface FleetScenarioResult {
  readonly scenario: string;
  readonly note: string;
  readonly rounds: readonly FleetRound[];
}

export interface FleetResult {
  readonly instances: number;
  readonly processes: number;
  readonly limitMs: number;
  readonly calm: NodeLoad;
  readonly scenarios: readonly FleetScenarioResult[];
  /** The same number of clients that only receive the address at the promotion, in the same number of processes. */
  readonly floor: readonly FleetScenarioResult[];
  /** Why a round could not be played, after which none was. */
  readonly error: string | null;
}

export interface FleetOptions {
  readonly instances: number;
  /** The idle time before the first measurement and between rounds. */
  readonly settleSeconds: number;
  readonly calmSeconds: number;
}

/** Many instances on one group: how soon the last of them is back, and what all of them ask of a node meanwhile. */
export async function measureFleet(options: FleetOptions, rounds: number): Promise<FleetResult> {
  const stage = await openStage({});
  try {
    const apps = await withFleet('apps', { stage, options }, async (setting) => {
      await delay(options.settleSeconds * 1000);
      const calm = await measureCalm(stage, options.calmSeconds * 1000);
      const { instances, processes } = setting.fleet;
      return { instances, processes, calm, ...(await playAll(setting, fleetScenarios, rounds)) };
    });
    const floor = await withFleet('floor', { stage, options }, (setting) =>
      playAll(setting, [fleetKilled], rounds),
    );
    return { ...apps, limitMs, floor: floor.scenarios, error: apps.error ?? floor.error };
  } finally {
    await stage.stop();
  }
}

interface Setting {
  readonly fleet: Fleet;
  readonly stage: Stage;
  readonly options: FleetOptions;
}

async function withFleet<T>(
  kind: FleetKind,
  { stage, options }: Omit<Setting, 'fleet'>,
  measure: (setting: Setting) => Promise<T>,
): Promise<T> {
  const { master, replicas } = await findRoles(stage.group);
  const endpoints = [master, ...replicas].map(({ endpoint }) => endpoint);
  const fleet = await startFleet(kind, endpoints, options.instances);
  try {
    return await measure({ fleet, stage, options });
  } finally {
    await fleet.stop();
  }
}

async function measureCalm({ group }: Stage, calmMs: number): Promise<NodeLoad> {
  const sampling = startSampling(group.nodes);
  const from = performance.now();
  await delay(calmMs);
  const to = performance.now();
  return findLoad(await sampling.stop(), { from, to });
}

interface Played {
  readonly scenarios: readonly FleetScenarioResult[];
  readonly error: string | null;
}

async function playAll(
  { fleet, stage, options }: Setting,
  scenarios: readonly FleetScenario[],
  maxRounds: number,
): Promise<Played> {
  const results: FleetScenarioResult[] = [];
  try {
    for (const scenario of scenarios) {
      const rounds: FleetRound[] = [];
      results.push({ scenario: scenario.name, note: scenario.note, rounds });
      while (rounds.length < Math.min(maxRounds, scenario.maxRounds)) {
        rounds.push(await playFleetRound({ fleet, scenario, stage }));
        await delay(options.settleSeconds * 1000);
      }
    }
    return { scenarios: results, error: null };
  } catch (error) {
    return { scenarios: results, error: error instanceof Error ? error.message : String(error) };
  }
}
