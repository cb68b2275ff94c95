import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import type { Roles, Stage, StageOptions } from './stage.js';

/** What a failover may use. */
export interface Round extends Roles {
  readonly stage: Stage;
  /** To be called with the new master at the moment it is promoted, or known to be. */
  readonly tell: (master: RedisServer) => void;
}

/** What happened, in the times of `performance.now()`. */
export interface Change {
  readonly to: RedisServer;
  /** When the promotion was ordered; where a server decides it, the last moment at which it had not happened yet. */
  readonly promotedAt: number;
  /** When the servers themselves began to let writes wait, until `promotedAt`. */
  readonly pausedAt?: number;
}

/** One way in which a group changes its master. */
export interface Scenario {
  readonly name: string;
  /** The start of the measured time, and what else a reader of the table must know. */
  readonly note: string;
  readonly stage: StageOptions;
  /** How long a contender may take. */
  readonly limitMs: number;
  /**
   * The number of groups on which rounds are played in parallel; default 1. Only for scenarios in which the servers
   * take seconds to decide.
   */
  readonly lanes?: number;
  readonly failOver: (round: Round) => Promise<Change>;
  /** What else happens after the new master has written, or the limit is over, while the contender still writes. */
  readonly afterwards?: (round: Round, change: Change) => Promise<void>;
  /** Restores the group after a round: all nodes run and replicate. */
  readonly heal: (round: Round, change: Change) => Promise<void>;
}
