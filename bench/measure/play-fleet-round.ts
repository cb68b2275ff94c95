import { setTimeout as delay } from 'node:timers/promises';
import { writesKey } from '../contenders/contender.js';
import type { FleetChange, FleetScenario } from '../scenarios/fleet.js';
import type { Round } from '../scenarios/scenario.js';
import { findRoles, type Stage } from '../scenarios/stage.js';
import { startSampling } from './command-counts.js';
import { wallClock, type InstanceReport } from './fleet-messages.js';
import type { Fleet } from './fleet-processes.js';
import { countDoubles } from './judge-round.js';
import { findLoad, type NodeLoad } from './node-load.js';
import { readList } from './play-round.js';

/** What all instances together did in one failover. */
export interface FleetRound {
  /** Of each instance, from the promotion to its first write that was acknowledged; null where it was not in time. */
  readonly recoveryMs: readonly (number | null)[];
  /** Writes rejected with the server's refusal or as not applied. */
  readonly failed: number;
  /** Writes rejected so that the caller cannot know whether they were applied. */
  readonly unknown: number;
  /** Writes that are there more than once. */
  readonly duplicated: number;
  /** Writes that were acknowledged, and are not there. */
  readonly lost: number;
  /** From the kill to some time after the promotion. */
  readonly peak: NodeLoad;
  /** When the master has been gone for ten seconds, until the promotion; null where that comes sooner. */
  readonly forsaken: NodeLoad | null;
}

export interface FleetPlay {
  readonly fleet: Fleet;
  readonly scenario: FleetScenario;
  readonly stage: Stage;
}

/** An instance that is not back by then never is. */
export const limitMs = 10_000;
const afterPromotionMs = 2000;
const forsakenAfterMs = 10_000;
const leastPhaseMs = 1000;

/** Every instance has one write waiting when a replica is promoted. Repairs the group afterwards. */
export async function playFleetRound({ fleet, scenario, stage }: FleetPlay): Promise<FleetRound> {
  const roles = await findRoles(stage.group);
  const all: Round = { ...roles, stage, tell: (master) => fleet.tell(master.endpoint) };
  const sampling = startSampling(roles.replicas);
  try {
    const change = await scenario.failOver(all, fleet.startWrites);
    const { killedAt, promotedAt } = change;
    const reports = await fleet.whenBack(promotedAt + limitMs - performance.now());
    await delay(promotedAt + afterPromotionMs + leastPhaseMs - performance.now());
    const samples = await sampling.stop();
    const forsaken = { from: killedAt + forsakenAfterMs, to: promotedAt };
    const result: FleetRound = {
      ...judgeWrites(reports, fleet.instances, { change, survivors: await readList(change) }),
      peak: findLoad(samples, { from: killedAt, to: promotedAt + afterPromotionMs }),
      forsaken: forsaken.to - forsaken.from < leastPhaseMs ? null : findLoad(samples, forsaken),
    };
    await change.to.command('DEL', writesKey);
    await scenario.heal(all, change);
    return result;
  } finally {
    await sampling.stop();
  }
}

interface Outcome {
  readonly change: FleetChange;
  /** What the list on the new master holds at the end. */
  readonly survivors: readonly string[];
}

/** An instance that sent no report counts as one that has not recovered. */
function judgeWrites(
  reports: readonly InstanceReport[],
  instances: number,
  { change, survivors }: Outcome,
): Omit<FleetRound, 'peak' | 'forsaken'> {
  const promotedAt = wallClock(change.promotedAt);
  const present = new Set(survivors);
  const times = new Map(reports.map(({ instance, at }) => [instance, at]));
  const recoveryMs = Array.from({ length: instances }, (_none, instance) => {
    const at = times.get(instance) ?? null;
    return at === null || at > promotedAt + limitMs ? null : at - promotedAt;
  });
  return {
    recoveryMs,
    failed: reports.reduce((sum, { failed }) => sum + failed.length, 0),
    unknown: reports.reduce((sum, { unknown }) => sum + unknown.length, 0),
    duplicated: countDoubles(survivors),
    lost: reports.filter(({ acknowledged }) => acknowledged !== null && !present.has(acknowledged)).length,
  };
}
