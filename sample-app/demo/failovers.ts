import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../test/support/redis-server.js';
import { follow, plannedSwap, promote } from '../../test/support/replication.js';

export interface Roles {
  readonly from: RedisServer;
  readonly to: RedisServer;
  readonly others: readonly RedisServer[];
}

/** One way in which a group changes its master. */
export interface FailoverKind {
  readonly name: string;
  /** Makes the change. Calls `onPromotion` when it sends the promotion; resolves when the old master is demoted or gone. */
  readonly failOver: (roles: Roles, onPromotion: () => void) => Promise<void>;
  /** Brings the old master back as a replica. */
  readonly heal: (roles: Roles) => Promise<void>;
}

export const failoverKinds: readonly FailoverKind[] = [
  {
    name: 'planned swap',
    async failOver({ from, to, others }, onPromotion) {
      onPromotion();
      await plannedSwap([from, to, ...others], to);
    },
    heal: () => Promise.resolve(),
  },
  {
    name: 'killed master',
    async failOver({ from, to, others }, onPromotion) {
      await from.kill();
      await delay(500);
      onPromotion();
      await promoteAlone(to, others);
    },
    heal: ({ from, to }) => from.restart(['--replicaof', to.host, String(to.port)]),
  },
  {
    name: 'hung master',
    async failOver({ from, to, others }, onPromotion) {
      from.hang();
      await delay(1000);
      onPromotion();
      await promoteAlone(to, others);
    },
    async heal({ from, to }) {
      from.resume();
      await follow(from, to);
    },
  },
];

async function promoteAlone(to: RedisServer, others: readonly RedisServer[]): Promise<void> {
  await Promise.all([promote(to), ...others.map((other) => follow(other, to))]);
}
