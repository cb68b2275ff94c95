import type { ApplyFault } from './fault-context.js';
import {
  hangAndPromote,
  hangOnly,
  hangThroughTwoPromotions,
  killAndPromote,
  killAndRestart,
  killReplica,
  restartAll,
  restartMaster,
} from './crashes.js';
import { abortedFailover, abortedForcedFailover, failover, planned, unpaused } from './handovers.js';
import { killClients, partition, partitionAndPromote, pauseWrites, resetConnections } from './networks.js';

export interface WeightedFault {
  readonly name: string;
  /** How often it comes in one round of all. */
  readonly weight: number;
  readonly apply: ApplyFault;
}

export const weightedFaults: readonly WeightedFault[] = [
  { name: 'master killed, replica promoted', weight: 3, apply: killAndPromote },
  { name: 'master killed and restarted', weight: 1, apply: killAndRestart },
  { name: 'master hung, replica promoted, master back', weight: 3, apply: hangAndPromote },
  { name: 'master hung through two promotions', weight: 1, apply: hangThroughTwoPromotions },
  { name: 'master hung for a while', weight: 1, apply: hangOnly },
  { name: 'replica killed and restarted', weight: 1, apply: killReplica },
  { name: 'master shut down and restarted', weight: 1, apply: restartMaster },
  { name: 'all restarted in turn', weight: 1, apply: restartAll },
  { name: 'planned swap', weight: 2, apply: planned },
  { name: 'swap without a pause', weight: 2, apply: unpaused },
  { name: 'FAILOVER TO', weight: 2, apply: failover },
  { name: 'FAILOVER aborted', weight: 1, apply: abortedFailover },
  { name: 'FAILOVER FORCE aborted', weight: 1, apply: abortedForcedFailover },
  { name: 'master partitioned from apps', weight: 2, apply: partition },
  { name: 'master partitioned, replica promoted', weight: 3, apply: partitionAndPromote },
  { name: 'connections reset', weight: 1, apply: resetConnections },
  { name: 'CLIENT KILL', weight: 1, apply: killClients },
  { name: 'CLIENT PAUSE WRITE', weight: 1, apply: pauseWrites },
];
