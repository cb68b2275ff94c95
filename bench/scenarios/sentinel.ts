import { regroup, reviveAndRegroup, whenSentinelsAgree } from './heal.js';
import { whenPromoted } from './promotion.js';
import type { Change, Round, Scenario } from './scenario.js';

const common = { stage: { sentinel: true }, limitMs: 5000, lanes: 4 } as const;

export const sentinelKilled: Scenario = {
  ...common,
  name: 'Sentinel failover, killed master',
  note: 'three Sentinels, down-after 1.5 s; from the promotion, as a poll of 1 ms on the node sees it',
  async failOver(round) {
    await round.master.kill();
    return whenPromoted(round, round.replicas);
  },
  heal: (round, change) => healWith(reviveAndRegroup, round, change),
};

export const sentinelOrdered: Scenario = {
  ...common,
  name: 'Sentinel failover, ordered',
  note: 'SENTINEL FAILOVER; from the promotion, as a poll of 1 ms sees it; the old master is alive',
  async failOver(round) {
    await round.stage.sentinels?.failover();
    return whenPromoted(round, round.replicas);
  },
  heal: (round, change) => healWith(regroup, round, change),
};

/** Until they have ended their failover, Sentinels would undo what is done to the nodes, or fail over once more. */
async function healWith(bringBack: Scenario['heal'], round: Round, change: Change): Promise<void> {
  await round.stage.sentinels?.whenAllName(change.to);
  await bringBack(round, change);
  await whenSentinelsAgree(round.stage, change.to);
}
