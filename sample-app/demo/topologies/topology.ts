import type { RedisServer } from '../../../lib/testing/servers/redis-server.js';

export interface Roles {
  readonly from: RedisServer;
  /** The replica that a failover by hand promotes. */
  readonly to: RedisServer;
  readonly others: readonly RedisServer[];
}

/** One way in which a master is replaced. */
export interface FailoverKind {
  readonly name: string;
  /** Who is master before it, and of whom. */
  readonly roles: () => Promise<Roles>;
  /** Whether the master serves this note. Default: it serves all. */
  readonly serves?: (note: string) => boolean;
  /**
   * Makes the change. Calls `onPromotion` when it sends the promotion, or sees it; resolves with the new master when the
   * old one takes no writes of the app any more.
   */
  readonly failOver: (roles: Roles, onPromotion: () => void) => Promise<RedisServer>;
  /** Brings the old master back as a replica; `to` is the new one. */
  readonly heal: (roles: Roles) => Promise<void>;
}

/** Servers that run, and how an app finds them. */
export interface DemoTopology {
  /** What to print about them. */
  readonly description: readonly string[];
  /** The variables by which the sample app finds them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly failoverKinds: readonly FailoverKind[];
  readonly stop: () => Promise<void>;
}
