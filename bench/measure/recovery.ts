import { contenders } from '../contenders/all.js';
import type { Scenario } from '../scenarios/scenario.js';
import type { RoundResult } from './judge-round.js';
import { playRound } from './play-round.js';
import { takeTurns, type GameResult } from './take-turns.js';

export interface RecoveryResult extends GameResult<RoundResult> {
  readonly scenario: string;
  readonly note: string;
  readonly limitMs: number;
}

export interface RecoveryOptions {
  readonly rounds: number;
  readonly hopelessAfter: number;
  /** Bounds the limit of scenarios in which no Sentinel has to decide. */
  readonly maxLimitMs: number;
  readonly minLanes: number;
}

export async function measureRecovery(
  scenario: Scenario,
  { rounds, hopelessAfter, maxLimitMs, minLanes }: RecoveryOptions,
): Promise<RecoveryResult> {
  const { stage } = scenario;
  const lanes = Math.max(minLanes, scenario.lanes ?? 1);
  const limitMs = stage.sentinel === true ? scenario.limitMs : Math.min(scenario.limitMs, maxLimitMs);
  const result = await takeTurns<RoundResult>({
    contenders,
    stage,
    lanes,
    rounds,
    hopelessAfter,
    exclude: ({ needs }) => (needs === 'sentinel' && stage.sentinel !== true ? 'needs Sentinel' : undefined),
    play: (contender, on) => playRound({ contender, scenario, stage: on, limitMs }),
  });
  const note = lanes === 1 ? scenario.note : `${scenario.note}; ${lanes} groups side by side`;
  return { scenario: scenario.name, note, limitMs, ...result };
}
