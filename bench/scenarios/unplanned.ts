import { setTimeout as delay } from 'node:timers/promises';
import { regroup, reviveAndRegroup } from './heal.js';
import { promoteNow } from './promotion.js';
import type { Change, Round, Scenario } from './scenario.js';

const limitMs = 5000;

export const killedMaster: Scenario = {
  name: 'killed master, promoted 500 ms later',
  note: 'from the promotion',
  stage: {},
  limitMs,
  async failOver(round) {
    await round.master.kill();
    await delay(500);
    return promoteHeir(round);
  },
  heal: reviveAndRegroup,
};

export const killedMasterOverTls: Scenario = {
  ...killedMaster,
  name: 'killed master, promoted 500 ms later, over TLS',
  stage: { tls: true },
};

export const hungMaster: Scenario = {
  name: 'hung master, promoted 1 s later',
  note: 'SIGSTOP; from the promotion',
  stage: {},
  limitMs,
  async failOver(round) {
    round.master.hang();
    await delay(1000);
    return promoteHeir(round);
  },
  async heal(round, change) {
    round.master.resume();
    await regroup(round, change);
  },
};

export const partitionedMaster: Scenario = {
  name: 'partitioned master, promoted 500 ms later, healed',
  note: 'from the promotion; only the app loses the master, which still claims to be master when it comes back',
  stage: { proxied: true },
  limitMs,
  async failOver(round) {
    round.stage.proxyOf(round.master)?.partition('both');
    await delay(500);
    return promoteHeir(round);
  },
  async afterwards({ stage, master }) {
    stage.proxyOf(master)?.heal();
    await delay(300);
  },
  heal: regroup,
};

export function promoteHeir(round: Round): Promise<Change> {
  const { heir, replicas } = round;
  return promoteNow(
    round,
    heir,
    replicas.filter((node) => node !== heir),
  );
}
