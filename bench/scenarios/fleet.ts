import { setTimeout as delay } from 'node:timers/promises';
import { reviveAndRegroup } from './heal.js';
import type { Change, Round } from './scenario.js';
import { promoteHeir } from './unplanned.js';

export interface FleetChange extends Change {
  /** In the time of `performance.now()`. */
  readonly killedAt: number;
}

/** What happens to a group that many apps use at the same time. */
export interface FleetScenario {
  readonly name: string;
  readonly note: string;
  /** Of more rounds nothing new is learnt, and each takes its time. */
  readonly maxRounds: number;
  /** Calls `onKilled` once the master is gone. */
  readonly failOver: (round: Round, onKilled: () => void) => Promise<FleetChange>;
  readonly heal: (round: Round, change: Change) => Promise<void>;
}

export const fleetKilled: FleetScenario = {
  name: 'killed master, promoted 2 s later',
  note: 'from the promotion; the other replica follows the new master at the same moment',
  maxRounds: 5,
  failOver: (round, onKilled) => killAndPromote(round, onKilled, 2000),
  heal: reviveAndRegroup,
};

/** Longer than `hold.timeoutMs`: each write is reported as not applied once, and issued again. */
export const fleetForsaken: FleetScenario = {
  name: 'killed master, promoted 14 s later',
  note: 'as above; what is held fails after 10 s, and is issued again',
  maxRounds: 1,
  failOver: (round, onKilled) => killAndPromote(round, onKilled, 14_000),
  heal: reviveAndRegroup,
};

export const fleetScenarios: readonly FleetScenario[] = [fleetKilled, fleetForsaken];

async function killAndPromote(round: Round, onKilled: () => void, afterMs: number): Promise<FleetChange> {
  const killedAt = performance.now();
  await round.master.kill();
  onKilled();
  await delay(killedAt + afterMs - performance.now());
  return { ...(await promoteHeir(round)), killedAt };
}
