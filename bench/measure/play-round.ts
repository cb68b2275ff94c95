import { setTimeout as delay } from 'node:timers/promises';
import { writesKey, type Client, type Contender } from '../contenders/contender.js';
import { promotionMark } from '../scenarios/promotion.js';
import type { Change, Round, Scenario } from '../scenarios/scenario.js';
import { findRoles, type Stage } from '../scenarios/stage.js';
import { judgeRound, type RoundResult } from './judge-round.js';
import { startWrites, type SteadyWrites } from './steady-writes.js';
import { within } from './within.js';

export interface Play {
  readonly contender: Contender;
  readonly scenario: Scenario;
  readonly stage: Stage;
  readonly limitMs: number;
}

const openMs = 10_000;
const warmUpWrites = 300;
const moreWrites = 20;

/**
 * Opens a client, lets it write, fails over, and brings the group back in order.
 *
 * @throws Error where the contender does not even write before the failover, or the group does not come back.
 */
export async function playRound({ contender, scenario, stage, limitMs }: Play): Promise<RoundResult> {
  const roles = await findRoles(stage.group);
  const place = stage.place(roles.master);
  const client = await within(openMs, `opening ${contender.name}`, contender.open(place));
  const round: Round = { ...roles, stage, tell: (node) => client.tell?.(place.reach(node)) };
  const writes = startWrites(client, scenario.lanes === undefined ? 0 : 1);
  try {
    await writes.whenAcknowledged(warmUpWrites, openMs);
    const change = await scenario.failOver(round);
    await watch(writes, change, limitMs);
    await scenario.afterwards?.(round, change);
    const endedAt = performance.now();
    await end(writes, client);
    const survivors = await readList(change);
    const result = judgeRound({ log: writes.read(), change, survivors, endedAt });
    await change.to.command('DEL', writesKey);
    await scenario.heal(round, change);
    return result;
  } finally {
    await end(writes, client);
  }
}

/** Waits until the new master has a write and the contender some acknowledgements more, or the time is up. */
async function watch(writes: SteadyWrites, { to, promotedAt }: Change, limitMs: number): Promise<void> {
  const deadline = promotedAt + limitMs;
  while (performance.now() < deadline) {
    const last = await to.command('LINDEX', writesKey, -1);
    if (last !== promotionMark) {
      await writes.whenAcknowledged(moreWrites, limitMs).catch(() => undefined);
      return;
    }
    await delay(2);
  }
}

/** All that was written, in the order of the new master. */
export async function readList({ to }: Change): Promise<readonly string[]> {
  const items = await to.command('LRANGE', writesKey, 0, -1);
  return Array.isArray(items) ? items.map(String) : [];
}

/** The write under way may end by itself. If it hangs, only closing the client can end it. */
async function end(writes: SteadyWrites, client: Client): Promise<void> {
  writes.stop();
  await within(200, 'the last write', writes.ended).catch(() => undefined);
  await within(3000, 'closing', client.close()).catch(() => undefined);
  await within(1000, 'the last write', writes.ended).catch(() => undefined);
}
