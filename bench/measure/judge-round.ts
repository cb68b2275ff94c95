import { promotionMark } from '../scenarios/promotion.js';
import type { Change } from '../scenarios/scenario.js';
import type { WriteLog } from './steady-writes.js';

/** What one contender did in one failover. */
export interface RoundResult {
  /** Until the first write that the new master acknowledged; null where that did not happen in time. */
  readonly recoveryMs: number | null;
  /** The longest time in which no write was acknowledged. */
  readonly stallMs: number;
  /** The same without the time in which the servers let every write wait. */
  readonly stallBeyondPauseMs: number;
  /** Writes rejected with the server's refusal or as not applied. */
  readonly failed: number;
  /** Writes rejected so that the caller cannot know whether they were applied. */
  readonly unknown: number;
  /** Writes that were applied more than once. */
  readonly duplicated: number;
  /** Writes acknowledged after the promotion that the new master does not have: a stale master took them. */
  readonly lost: number;
  /** Writes that were reported as not applied, but were applied. */
  readonly failedYetApplied: number;
}

export interface Evidence {
  readonly log: WriteLog;
  readonly change: Change;
  /** What the list on the new master holds at the end. */
  readonly survivors: readonly string[];
  readonly endedAt: number;
}

export function judgeRound({ log, change, survivors, endedAt }: Evidence): RoundResult {
  const present = new Set(survivors);
  const byNewMaster = new Set(survivors.slice(survivors.indexOf(promotionMark) + 1));
  const first = log.acknowledged.find(({ id }) => byNewMaster.has(id));
  const gaps = findGaps([...log.acknowledged.map(({ at }) => at), endedAt]);
  return {
    recoveryMs: first === undefined ? null : first.at - change.promotedAt,
    stallMs: Math.max(...gaps.map(([from, to]) => to - from)),
    stallBeyondPauseMs: Math.max(...gaps.map((gap) => withoutPause(gap, change))),
    failed: log.failed.length,
    unknown: log.unknown.length,
    duplicated: countDoubles(survivors),
    lost: log.acknowledged.filter(({ id, at }) => at > change.promotedAt && !present.has(id)).length,
    failedYetApplied: log.failed.filter((id) => present.has(id)).length,
  };
}

type Gap = readonly [from: number, to: number];

function findGaps(times: readonly number[]): readonly Gap[] {
  return times.slice(1).map((to, index): Gap => [times[index] ?? to, to]);
}

function withoutPause([from, to]: Gap, { pausedAt, promotedAt }: Change): number {
  const paused = pausedAt === undefined ? 0 : Math.min(to, promotedAt) - Math.max(from, pausedAt);
  return to - from - Math.max(0, paused);
}

/** How many ids are there more than once. */
export function countDoubles(ids: readonly string[]): number {
  const times = new Map<string, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times].filter(([id, count]) => count > 1 && id !== promotionMark).length;
}
