import { setTimeout as delay } from 'node:timers/promises';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import type { Load, Write } from './load.js';
import type { FailoverKind, Roles } from './topologies/topology.js';

export interface RoundResult {
  readonly name: string;
  readonly roles: Roles;
  /** From sending the promotion, or seeing it, to the next answer to a `PUT` that the new master must have acknowledged. */
  readonly recoveryMs: number;
  /** The longest that a `PUT` took during the failover. */
  readonly longestMs: number;
  readonly writes: number;
  readonly failures: readonly string[];
  /** Writes that the app issued again, because their outcome was unknown. */
  readonly repeated: number;
}

export interface Round {
  readonly kind: FailoverKind;
  /** How long to write before the failover. */
  readonly pauseMs: number;
}

/** Plays one failover under load. The group is in sync before and after it. */
export async function runRound({ kind, pauseMs }: Round, load: Load): Promise<RoundResult> {
  const before = await kind.roles();
  const writes: Write[] = [];
  const stopCounting = load.watch((write) => writes.push(write));
  await delay(pauseMs);
  await whenInSync(before.from, [before.to, ...before.others]);
  const startedAt = performance.now();
  let promotedAt = startedAt;
  const to = await kind.failOver(before, () => (promotedAt = performance.now()));
  const roles = { ...before, to, others: [before.to, ...before.others].filter((node) => node !== to) };
  // Until the old master is demoted or gone, it may be the node that acknowledges.
  const recoveredAt = await nextAnswer(load, writes, isAnswer(kind, performance.now()));
  await kind.heal(roles);
  await whenInSync(roles.to, [roles.from, ...roles.others]);
  stopCounting();
  return {
    name: kind.name,
    roles,
    recoveryMs: recoveredAt - promotedAt,
    longestMs: Math.max(...writes.filter(({ answeredAt }) => answeredAt > startedAt).map(durationOf)),
    writes: writes.length,
    failures: writes.flatMap(({ failure }) => failure ?? []),
    repeated: writes.filter(({ attempts }) => attempts > 1).length,
  };
}

function durationOf({ sentAt, answeredAt }: Write): number {
  return answeredAt - sentAt;
}

/** When the first such write was acknowledged, which may already have happened. */
function nextAnswer(load: Load, writes: readonly Write[], fits: (write: Write) => boolean): Promise<number> {
  return new Promise((resolve) => {
    const earlier = writes.find(fits);
    if (earlier !== undefined) {
      resolve(earlier.answeredAt);
      return;
    }
    const stop = load.watch((write) => {
      if (fits(write)) {
        stop();
        resolve(write.answeredAt);
      }
    });
  });
}

/** Whether a write was acknowledged after this moment by the master that the failover is about. */
function isAnswer({ serves = () => true }: FailoverKind, after: number): (write: Write) => boolean {
  return ({ note, succeeded, answeredAt }) => succeeded && answeredAt >= after && serves(note);
}
