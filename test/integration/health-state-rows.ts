import { onTestFinished } from 'vitest';
import { openControl } from '../../lib/testing/servers/control.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import {
  addData,
  endLoading,
  failSaving,
  fillDisk,
  fillMemory,
  loadSlowly,
  runEndlessScript,
  slowLoading,
  whenInfo,
} from '../support/health-states.js';
import { clusterMode } from '../support/cluster-nodes.js';
import { matching } from '../support/matchers.js';
import type { RedisServer, RedisUser } from '../../lib/testing/servers/redis-server.js';
import { promote } from '../../lib/testing/servers/replication.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';
import type { startApp, TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

export interface Stage {
  readonly group: ServerGroup;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly app: TestApp;
}

/** A state of the group, how to bring it about, and what health says of it. */
export interface State {
  readonly name: string;
  readonly arrange: (stage: Stage) => unknown;
  /** What health says at once; left out where that depends on who is quicker. */
  readonly first?: object;
  /** What it comes to say, and goes on saying as long as the state lasts. */
  readonly lasting: object;
  /** How it ends; health is up again then. */
  readonly end?: (stage: Stage) => unknown;
  readonly args?: readonly string[];
  /** Options of the server that it needs beside `args`. */
  readonly needs?: readonly string[];
  readonly options?: Parameters<typeof startApp>[1];
  /** As whom the app logs in. */
  readonly user?: RedisUser;
  /** How long health waits for an answer; default 1000. */
  readonly limitMs?: number;
}

export const down = (reason: string, message: RegExp = /./) => ({
  status: 'down',
  reason,
  message: matching(message),
});
const onAll = ({ group }: Stage, ...command: [string, ...string[]]) =>
  Promise.all(group.nodes.map((node) => node.command(...command)));
/** As Sentinel does; observers count as subscribers. */
async function closeAll(stage: Stage): Promise<void> {
  for (const type of ['pubsub', 'normal']) await onAll(stage, 'CLIENT', 'KILL', 'TYPE', type);
}
const appUser = { name: 'app', password: 'secret', rules: ['~*', '&*', '+@all'] };

export const roles: readonly State[] = [
  {
    name: 'a master that was demoted, which no observer has seen yet',
    user: { ...appUser, rules: [...appUser.rules, '-xread'] },
    options: { pollIntervalMs: 60_000 },
    arrange: ({ master, replica }) => master.command('REPLICAOF', replica.host, replica.port),
    first: down('READONLY', /^READONLY You can't write against a read only replica/),
    lasting: down('NO_MASTER', /^no node is a master: .*\(replica, .*\(replica, /),
    end: ({ replica }) => promote(replica),
  },
  {
    name: 'replicas only, cut off from their master and not serving stale data',
    async arrange(stage) {
      await onAll(stage, 'CONFIG', 'SET', 'replica-serve-stale-data', 'no');
      await onAll(stage, 'REPLICAOF', '127.0.0.1', String(await findFreePort()));
    },
    lasting: down('NO_MASTER', /^no node is a master: .*\(replica, link down\).*\(replica, link down\)/),
    end: ({ replica }) => promote(replica),
  },
  {
    name: 'a replica in its first copy, while the master takes writes',
    options: { minReplicas: 1, replyTimeoutMs: 2000 },
    args: slowLoading,
    async arrange({ master, replica }) {
      await addData(master);
      // Without its file, else a part of the data would be enough.
      await replica.restart(['--dbfilename', 'none.rdb']);
      await whenInfo(replica, 'persistence', { loading: '1' });
    },
    lasting: { status: 'degraded', message: '0 of at least 1 replicas can be used' },
    end: ({ replica }) => endLoading(replica),
  },
  {
    name: 'an old master that goes on after a promotion, while the heir takes writes',
    async arrange({ master, replica }) {
      master.hang();
      await promote(replica);
      master.resume();
    },
    lasting: { status: 'up', generation: 2, topology: 'steady' },
  },
  {
    name: 'cluster mode',
    // Without it, somebody else may have the port of the bus.
    needs: ['--cluster-port'],
    async arrange({ master, replica }) {
      await replica.kill();
      await master.restart(await clusterMode());
    },
    lasting: down(
      'NO_MASTER',
      /\(CLUSTER: cluster mode is on; use the option "cluster" instead of "source"\)/,
    ),
  },
];

export const refusals: readonly State[] = [
  {
    name: 'a snapshot that failed',
    arrange: ({ master }) => failSaving(master),
    first: down('MISCONF', /^MISCONF .*(unable|not able) to persist (to|on) disk/),
    lasting: down('MISCONF'),
    end: ({ master }) => master.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'),
  },
  {
    name: 'too few replicas',
    async arrange({ master, replica }) {
      await master.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await replica.kill();
      await whenInfo(master, 'replication', { min_slaves_good_slaves: '0' });
    },
    first: down('NOREPLICAS', /^NOREPLICAS Not enough good replicas to write/),
    lasting: down('NOREPLICAS'),
    end: ({ replica }) => replica.restart(),
  },
  {
    name: 'a memory full of data',
    arrange: ({ master }) => fillMemory(master),
    first: down('OOM', /^OOM command not allowed when used memory > 'maxmemory'/),
    lasting: down('OOM'),
    end: ({ master }) => master.command('FLUSHALL'),
  },
  {
    name: 'data that are being loaded',
    needs: slowLoading,
    options: { replyTimeoutMs: 2000 },
    arrange: ({ master }) => loadSlowly(master),
    lasting: down('LOADING', /\(LOADING: the server is loading its data\)/),
    end: ({ master }) => endLoading(master),
  },
  {
    name: 'a script that has run for too long',
    args: ['--lua-time-limit', '10'],
    async arrange({ master }) {
      runEndlessScript(master);
      const third = openControl(master);
      onTestFinished(() => third.reset());
      const isBusy = async () => String(await third.command('PING').catch(String)).includes('BUSY');
      await until('it is busy', isBusy);
    },
    first: down('BUSY', /^BUSY (Redis|Valkey) is busy running a script/),
    lasting: down('BUSY'),
    end: ({ master }) => master.command('SCRIPT', 'KILL'),
  },
];

export const fullDisk: State = {
  name: 'a disk full of append-only files',
  arrange: ({ master }) => fillDisk(master),
  first: down('MISCONF', /^MISCONF Errors writing to the AOF file: No space left on device/),
  lasting: down('MISCONF'),
  end: ({ master }) => master.command('CONFIG', 'SET', 'appendonly', 'no'),
};

export const permissions: readonly State[] = [
  {
    name: 'a user whose right to the key was taken while connected',
    user: appUser,
    arrange: (stage) => onAll(stage, 'ACL', 'SETUSER', 'app', 'resetkeys', '~other:*'),
    first: down('NOPERM', /^NOPERM .*the key "nestjs-redis-replication:probe" \(option "probeKey"\)$/),
    lasting: down('NOPERM'),
    end: (stage) => onAll(stage, 'ACL', 'SETUSER', 'app', '~*'),
  },
  {
    name: 'a password that was set while connected, once connections were closed',
    async arrange(stage) {
      await onAll(stage, 'CONFIG', 'SET', 'requirepass', 'new-secret');
      await closeAll(stage);
    },
    lasting: down('NOAUTH', /\(NOAUTH: .*\(NOAUTH: /),
    end: (stage) => onAll(stage, 'CONFIG', 'SET', 'requirepass', ''),
  },
  {
    name: 'a user that was deleted while connected',
    user: appUser,
    arrange: (stage) => onAll(stage, 'ACL', 'DELUSER', 'app'),
    lasting: down('NOAUTH', /\(WRONGPASS: .*\(WRONGPASS: /),
    end: ({ group }) => createUser(group.nodes, appUser),
  },
  {
    name: 'more clients than may be, once connections were closed',
    async arrange(stage) {
      await onAll(stage, 'CONFIG', 'SET', 'maxclients', '1');
      await closeAll(stage);
    },
    lasting: down('NO_MASTER', /\(MAXCLIENTS: .*max number of clients reached.*\(MAXCLIENTS: /),
    end: (stage) => onAll(stage, 'CONFIG', 'SET', 'maxclients', '100'),
  },
];
