import type { Contender } from '../contenders/contender.js';
import { openStage, type Stage, type StageOptions } from '../scenarios/stage.js';

/** What a round ends with, at least. */
export interface Outcome {
  /** How long it took until service was back; null where it was not back in time. */
  readonly recoveryMs: number | null;
}

export interface ContenderResult<R extends Outcome> {
  readonly contender: string;
  /** Why it was not run. */
  readonly excluded?: string;
  readonly rounds: readonly R[];
  /** Why a round could not be played, once for each that could not. */
  readonly errors: readonly string[];
}

export interface Game<R extends Outcome> {
  readonly contenders: readonly Contender[];
  readonly stage: StageOptions;
  /** How many groups rounds are played on side by side. */
  readonly lanes: number;
  readonly rounds: number;
  /** A contender whose first so many rounds all were in vain is given no more. */
  readonly hopelessAfter: number;
  /** Why this contender cannot take part, if it cannot. */
  readonly exclude: (contender: Contender) => string | undefined;
  /** Rejects where the group is not in order afterwards. */
  readonly play: (contender: Contender, stage: Stage) => Promise<R>;
}

export interface GameResult<R extends Outcome> {
  /** What one round takes, from opening a client to a group in order; the average. */
  readonly secondsPerRound: number;
  readonly contenders: readonly ContenderResult<R>[];
}

/** All contenders take turns, round by round. Several groups share the turns. */
export async function takeTurns<R extends Outcome>(game: Game<R>): Promise<GameResult<R>> {
  const players = game.contenders.map((contender) => createPlayer(contender, game));
  const turns = Array.from({ length: game.rounds }, (_none, round) => rotate(players, round)).flat();
  const stats = { played: 0, busyMs: 0 };
  const playLane = async () => {
    let stage = await openStage(game.stage);
    for (let player = turns.shift(); player !== undefined; player = turns.shift()) {
      if (!player.isWorthwhile()) continue;
      const startedAt = performance.now();
      const isInOrder = await player.play(stage);
      stats.played += 1;
      stats.busyMs += performance.now() - startedAt;
      if (!isInOrder) {
        await stage.stop();
        stage = await openStage(game.stage);
      }
    }
    await stage.stop();
  };
  await Promise.all(Array.from({ length: Math.min(game.lanes, turns.length) }, playLane));
  return {
    secondsPerRound: stats.busyMs / stats.played / 1000,
    contenders: players.map(({ result }) => result),
  };
}

/** The order changes, so that no contender always follows the same one and what that left behind. */
function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

interface Player<R extends Outcome> {
  readonly result: ContenderResult<R>;
  readonly isWorthwhile: () => boolean;
  /** Whether the group is in order afterwards. */
  readonly play: (stage: Stage) => Promise<boolean>;
}

function createPlayer<R extends Outcome>(contender: Contender, game: Game<R>): Player<R> {
  const rounds: R[] = [];
  const errors: string[] = [];
  const excluded = game.exclude(contender);
  const isHopeless = () =>
    rounds.length + errors.length >= game.hopelessAfter &&
    rounds.every(({ recoveryMs }) => recoveryMs === null);
  return {
    result: { contender: contender.name, ...(excluded !== undefined && { excluded }), rounds, errors },
    isWorthwhile: () => excluded === undefined && !isHopeless(),
    async play(stage) {
      try {
        rounds.push(await game.play(contender, stage));
        return true;
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
        return false;
      }
    },
  };
}
