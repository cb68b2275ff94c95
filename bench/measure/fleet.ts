import { setTimeout as delay } from 'node:timers/promises';
import { fleetScenarios, type FleetScenario } from '../scenarios/fleet.js';
import { openStage, type Stage } from '../scenarios/stage.js';
import { startSampling } from './command-counts.js';
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
  /** Why a round could not be played, after which none was. */
  readonly error: string | null;
}

export interface FleetOptions {
  readonly instances: number;
  /** How long all is left in peace before anything is measured, and between rounds. */
  readonly settleSeconds: number;
  readonly calmSeconds: number;
}

/** Many instances on one group: how soon the last of them is back, and what all of them ask of a node meanwhile. */
export async function measureFleet(options: FleetOptions, rounds: number): Promise<FleetResult> {
  const stage = await openStage({});
  try {
    const fleet = await startFleet(stage.group.endpoints, options.instances);
    try {
      return await measure({ fleet, stage, options }, rounds);
    } finally {
      await fleet.stop();
    }
  } finally {
    await stage.stop();
  }
}

interface Setting {
  readonly fleet: Fleet;
  readonly stage: Stage;
  readonly options: FleetOptions;
}

async function measure(setting: Setting, rounds: number): Promise<FleetResult> {
  const { fleet, stage, options } = setting;
  await delay(options.settleSeconds * 1000);
  const calm = await measureCalm(stage, options.calmSeconds * 1000);
  const turns = fleetScenarios.flatMap((scenario) =>
    Array.from({ length: Math.min(rounds, scenario.maxRounds) }, () => scenario),
  );
  const { played, error } = await playAll(setting, turns);
  const scenarios = fleetScenarios.map((scenario) => ({
    scenario: scenario.name,
    note: scenario.note,
    rounds: played.filter((each) => each.scenario === scenario).map(({ round }) => round),
  }));
  return { instances: fleet.instances, processes: fleet.processes, limitMs, calm, scenarios, error };
}

async function measureCalm({ group }: Stage, calmMs: number): Promise<NodeLoad> {
  const sampling = startSampling(group.nodes);
  const from = performance.now();
  await delay(calmMs);
  const to = performance.now();
  return findLoad(await sampling.stop(), { from, to });
}

interface Played {
  readonly scenario: FleetScenario;
  readonly round: FleetRound;
}

async function playAll(
  { fleet, stage, options }: Setting,
  turns: readonly FleetScenario[],
): Promise<{ readonly played: readonly Played[]; readonly error: string | null }> {
  const played: Played[] = [];
  try {
    for (const scenario of turns) {
      if (played.length > 0) await delay(options.settleSeconds * 1000);
      played.push({ scenario, round: await playFleetRound({ fleet, scenario, stage }) });
    }
    return { played, error: null };
  } catch (error) {
    return { played, error: error instanceof Error ? error.message : String(error) };
  }
}
