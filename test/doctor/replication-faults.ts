import { onTestFinished } from 'vitest';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, promote, whenInSync, whenOnHistoryOf } from '../../lib/testing/servers/replication.js';
import { rogueReplica } from '../support/rogue-replica.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { until } from '../../lib/testing/servers/until.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { restoreAfterwards, type Fault } from './fault.js';

/** Who is master, and who follows whom. */
export const replicationFaults: readonly Fault[] = [
  {
    name: 'replicas alone',
    arrange: ({ first, second }) => ({ args: [first.endpoint, second.endpoint] }),
    finds: 'no-master',
    severity: 'error',
    remedy: /`REPLICAOF NO ONE`/,
  },
  {
    name: 'two masters that have nothing in common',
    arrange: ({ master, stranger }) => ({ args: [master.endpoint, stranger.endpoint] }),
    finds: 'contested',
    severity: 'error',
    remedy: /`REPLICAOF <host> <port>`/,
  },
  {
    name: 'an old master that goes on',
    async arrange(stage) {
      restoreAfterwards(stage);
      await promote(stage.first);
      await follow(stage.second, stage.first);
      await whenOnHistoryOf(stage.first, stage.second);
    },
    finds: 'stale-master',
    remedy: /`REPLICAOF <host> <port>`/,
  },
  {
    name: 'a master without replicas',
    arrange: ({ stranger }) => ({ args: [stranger.endpoint] }),
    finds: 'no-replica',
    remedy: /`redis-server --replicaof/,
  },
  {
    name: 'fewer replicas than the app wants',
    arrange: ({ group }) => ({ args: ['--min-replicas', '3', ...group.endpoints] }),
    finds: 'few-replicas',
    remedy: /lower minReplicas/,
  },
  {
    name: 'two nodes, and a majority that is required',
    arrange: ({ master, first }) => ({ args: ['--require-majority', master.endpoint, first.endpoint] }),
    finds: 'majority-of-two',
    severity: 'note',
    remedy: /third node/,
  },
  {
    name: 'no majority',
    async arrange({ master }) {
      const ports = [await findFreePort(), await findFreePort()];
      const gone = ports.map((port) => `127.0.0.1:${port}`);
      return { args: ['--require-majority', master.endpoint, ...gone] };
    },
    finds: 'no-majority',
    severity: 'error',
    remedy: /Start the other nodes/,
  },
  {
    name: 'a replica that has lost its master',
    async arrange(stage) {
      restoreAfterwards(stage);
      await stage.first.command('REPLICAOF', '127.0.0.1', await findFreePort());
    },
    finds: 'replica-link-down',
    remedy: /`CONFIG SET masterauth <password>`/,
  },
  {
    name: 'a replica of another group',
    async arrange(stage) {
      restoreAfterwards(stage);
      await follow(stage.first, stage.stranger);
      await whenOnHistoryOf(stage.stranger, stage.first);
    },
    finds: 'replica-astray',
    remedy: /`REPLICAOF <host> <port>`/,
  },
  {
    name: 'a replica of a replica',
    async arrange(stage) {
      restoreAfterwards(stage);
      await follow(stage.second, stage.first);
      await whenInSync(stage.master, [stage.first]);
      await whenOnHistoryOf(stage.first, stage.second);
    },
    finds: 'replica-chained',
    severity: 'note',
    remedy: /`REPLICAOF <host> <port>`/,
  },
  {
    name: 'a replica that is far behind',
    async arrange(stage) {
      const { master, first } = stage;
      const proxy = await startProxy(master.port);
      onTestFinished(() => proxy.stop());
      restoreAfterwards(stage);
      await first.command('REPLICAOF', proxy.host, proxy.port);
      const isUp = async () => (await readInfo(first, 'replication')).get('master_link_status') === 'up';
      await until('it is in sync', isUp);
      proxy.partition('toClient');
      await master.command('SET', 'large', 'x'.repeat(2_000_000));
      onTestFinished(async () => void (await master.command('DEL', 'large')));
    },
    finds: 'replica-lags',
    what: /bytes behind/,
    remedy: /`SLOWLOG GET`/,
  },
  {
    name: 'a node that is not listed',
    arrange: ({ master, first }) => ({ args: [master.endpoint, first.endpoint] }),
    finds: 'unlisted-node',
    remedy: /staticNodes/,
  },
  {
    name: 'a replica that announces an address which leads nowhere',
    async arrange({ master }) {
      const announced = await findFreePort();
      const extra = await startRedisServer({
        args: ['--replicaof', master.host, String(master.port), '--replica-announce-port', String(announced)],
      });
      onTestFinished(() => extra.stop());
      const isListed = async () =>
        [...(await readInfo(master, 'replication')).values()].some((value) =>
          value.includes(`port=${announced},state=online`),
        );
      await until('it is listed', isListed);
      return { args: [master.endpoint, extra.endpoint] };
    },
    finds: 'announced-unreachable',
    remedy: /`CONFIG SET replica-announce-ip <address>`/,
  },
  {
    name: 'one server under two names',
    arrange: ({ group, master }) => ({ args: [...group.endpoints, `localhost:${master.port}`] }),
    finds: 'same-server',
    remedy: /Name each server once/,
  },
  {
    name: 'somebody who writes into what a server says of itself',
    async arrange({ master }) {
      const rogue = await rogueReplica(master, '1.2.3.4\r\nrole:slave\r\n');
      onTestFinished(() => rogue.leave());
    },
    finds: 'untrusted-info',
    remedy: /`CLIENT LIST TYPE replica`/,
  },
];
