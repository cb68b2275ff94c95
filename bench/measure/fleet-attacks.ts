import { withStaticNodes } from '../contenders/this-library.js';
import { beginOnAll, type Attack } from '../scenarios/attacks.js';
import { openStage, type Stage } from '../scenarios/stage.js';
import { killedMaster } from '../scenarios/unplanned.js';
import type { RoundResult } from './judge-round.js';
import { playRound } from './play-round.js';
import { measureQuestions, type QuestionCost } from './question-cost.js';

export interface AttackResult {
  readonly attack: string;
  readonly rounds: readonly RoundResult[];
}

export interface FleetAttacksResult {
  readonly limitMs: number;
  readonly attacks: readonly AttackResult[];
  readonly questions: readonly QuestionCost[];
}

/** Longer than an app would be delayed by any lie: an app that is not back by then never will be. */
const limitMs = 10_000;

export interface FleetAttacksOptions {
  readonly rounds: number;
  readonly costSeconds: number;
}

/** Whether clients that pretend to be apps, or nodes that lie about them, delay an app that has lost its master. */
export async function measureFleetAttacks(
  attacks: readonly Attack[],
  { rounds, costSeconds }: FleetAttacksOptions,
): Promise<FleetAttacksResult> {
  const results: AttackResult[] = [];
  for (const attack of attacks) {
    results.push({ attack: attack.name, rounds: await playRounds(attack, rounds) });
  }
  return { limitMs, attacks: results, questions: await measureQuestions(costSeconds) };
}

async function playRounds(attack: Attack, count: number): Promise<readonly RoundResult[]> {
  const stage = await openStage(attack.stage);
  try {
    const rounds: RoundResult[] = [];
    while (rounds.length < count) rounds.push(await playUnder(attack, stage));
    return rounds;
  } finally {
    await stage.stop();
  }
}

async function playUnder(attack: Attack, stage: Stage): Promise<RoundResult> {
  const end = await beginOnAll(attack, stage);
  try {
    return await playRound({ contender: withStaticNodes, scenario: killedMaster, stage, limitMs });
  } finally {
    end();
  }
}
