import { runEndlessScript, whenInfo } from '../support/health-states.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { promote } from '../../lib/testing/servers/replication.js';
import { until } from '../../lib/testing/servers/until.js';
import { down, type Stage, type State } from './health-state-rows.js';

const replicaLags = async ({ master, replica }: Stage) => {
  replica.hang();
  await master.command('SET', 'key', 'value');
};

/** A master that stopped taking writes on purpose will take them again; one that is hung or dead may not. */
export const silences: readonly State[] = [
  {
    name: 'CLIENT PAUSE WRITE',
    arrange: ({ master }) => master.command('CLIENT', 'PAUSE', 600_000, 'WRITE'),
    first: down('PAUSED', /answers, but did not answer a write within 1000 ms$/),
    lasting: down('PAUSED'),
    end: ({ master }) => master.command('CLIENT', 'UNPAUSE'),
  },
  {
    name: 'a blocking command of the app on the writer',
    arrange({ app }) {
      app.writer.blpop('no-such-list', 0).catch(() => undefined);
    },
    first: down('BLOCKED', /^BLPOP waits on the writer, .*writer\.duplicate\(\)$/),
    lasting: down('BLOCKED'),
    end: ({ master }) => master.command('LPUSH', 'no-such-list', 'element'),
  },
  {
    name: 'CLIENT PAUSE ALL',
    arrange: ({ master }) => master.command('CLIENT', 'PAUSE', 600_000, 'ALL'),
    lasting: down('PAUSED'),
    end: ({ replica }) => promote(replica),
  },
  {
    name: 'a FAILOVER that waits for a replica to catch up',
    async arrange(stage) {
      await replicaLags(stage);
      const { master, replica } = stage;
      await master.command('FAILOVER', 'TO', replica.host, replica.port);
      await whenInfo(master, 'replication', { master_failover_state: 'waiting-for-sync' });
    },
    first: down('PAUSED'),
    lasting: down('PAUSED'),
    end: ({ replica }) => replica.resume(),
  },
  {
    name: 'a FAILOVER under way, while both nodes are replicas',
    async arrange(stage) {
      await replicaLags(stage);
      const { master, replica } = stage;
      await master.command('FAILOVER', 'TO', replica.host, replica.port, 'FORCE', 'TIMEOUT', 10);
      await whenInfo(master, 'replication', { master_failover_state: 'failover-in-progress' });
    },
    lasting: down('NO_MASTER', /^no node is a master: .*\(replica, link down\)/),
    end: ({ replica }) => replica.resume(),
  },
  {
    name: 'a shutdown that waits for a replica to catch up',
    args: ['--shutdown-timeout', '600'],
    async arrange(stage) {
      await replicaLags(stage);
      const { master } = stage;
      void master.kill('SIGTERM');
      const isEnding = async () => (await readInfo(master, 'server')).has('shutdown_in_milliseconds');
      await until('it waits', isEnding);
    },
    first: down('PAUSED'),
    lasting: down('PAUSED'),
  },
  {
    name: 'a master that was killed',
    arrange: ({ master }) => master.kill(),
    lasting: down('NO_MASTER', /\(REFUSED: /),
    end: ({ replica }) => promote(replica),
  },
  {
    name: 'a master that hangs',
    limitMs: 2000,
    arrange: ({ master }) => master.hang(),
    first: down('TIMEOUT', /^no answer to a write within 2000 ms; .*(\(TIMEOUT: |does not answer$)/),
    lasting: down('TIMEOUT', /\(TIMEOUT: /),
    end: ({ master }) => master.resume(),
  },
  {
    name: 'a master that a script keeps from answering at all',
    args: ['--lua-time-limit', '600000'],
    arrange: ({ master }) => runEndlessScript(master),
    lasting: down('TIMEOUT', /\(TIMEOUT: /),
    end: ({ replica }) => promote(replica),
  },
];
