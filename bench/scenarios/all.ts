import { barePromotion, failoverTo, plannedSwap, plannedSwapOverTls } from './planned.js';
import { rollingRestart } from './rolling-restart.js';
import type { Scenario } from './scenario.js';
import { sentinelKilled, sentinelOrdered } from './sentinel.js';
import { hungMaster, killedMaster, killedMasterOverTls, partitionedMaster } from './unplanned.js';

export const scenarios: readonly Scenario[] = [
  plannedSwap,
  failoverTo,
  killedMaster,
  hungMaster,
  barePromotion,
  sentinelKilled,
  partitionedMaster,
  plannedSwapOverTls,
  killedMasterOverTls,
  rollingRestart,
  sentinelOrdered,
];
