import { contenders } from '../contenders/all.js';
import type { ReadScenario } from '../scenarios/reads.js';
import { playReads, type ReadResult } from './play-reads.js';
import type { RecoveryOptions } from './recovery.js';
import { takeTurns, type GameResult } from './take-turns.js';

export interface ReadsResult extends GameResult<ReadResult> {
  readonly scenario: string;
  readonly note: string;
  readonly limitMs: number;
}

const lanes = 4;

/** Sentinels run the group, because without them only this library can choose among replicas. */
export async function measureReads(
  scenario: ReadScenario,
  { rounds, hopelessAfter, maxLimitMs }: RecoveryOptions,
): Promise<ReadsResult> {
  const limitMs = Math.min(scenario.limitMs, maxLimitMs);
  const result = await takeTurns<ReadResult>({
    contenders: contenders.filter(({ openReader }) => openReader !== undefined),
    stage: { sentinel: true },
    lanes,
    rounds,
    hopelessAfter,
    exclude: () => undefined,
    play: (contender, stage) => playReads({ contender, scenario, stage, limitMs }),
  });
  return {
    scenario: scenario.name,
    note: `${scenario.note}; ${lanes} groups side by side`,
    limitMs,
    ...result,
  };
}
