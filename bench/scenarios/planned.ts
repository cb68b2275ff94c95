import { follow } from '../../lib/testing/servers/replication.js';
import { regroup } from './heal.js';
import { promoteNow, whenPromoted } from './promotion.js';
import type { Change, Round, Scenario } from './scenario.js';

const common = { stage: {}, limitMs: 5000, heal: regroup } as const;

export const plannedSwap: Scenario = {
  ...common,
  name: 'planned swap, REPLICAOF',
  note: 'from the promotion; all others are made replicas of the new master at the same moment',
  failOver: swap,
};

export const plannedSwapOverTls: Scenario = {
  ...plannedSwap,
  name: 'planned swap, REPLICAOF, over TLS',
  stage: { tls: true },
};

export const failoverTo: Scenario = {
  ...common,
  name: 'FAILOVER TO',
  note: 'from the moment the server switched; before that it lets writes wait',
  failOver: handOver,
};

async function swap(round: Round): Promise<Change> {
  return promoteNow(
    round,
    round.heir,
    round.stage.group.nodes.filter((node) => node !== round.heir),
  );
}

/** `FAILOVER TO` the heir; the other replica stays behind the old master, as the server leaves it. */
export async function handOver(round: Round): Promise<Change> {
  const { master, heir } = round;
  const pausedAt = performance.now();
  await master.command('FAILOVER', 'TO', heir.host, heir.port);
  return { ...(await whenPromoted(round, [heir])), pausedAt };
}

export const barePromotion: Scenario = {
  ...common,
  name: 'bare promotion, old master alive',
  note: 'from the promotion, which no client is notified of; the old master still accepts writes',
  failOver: (round) => promoteNow(round, round.heir, []),
  heal: async (round, change) => {
    await follow(round.master, change.to);
    await regroup(round, change);
  },
};
