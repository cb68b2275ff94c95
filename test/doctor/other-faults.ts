import { onTestFinished } from 'vitest';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { startRedisServer, type RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { addSlots, clusterMode } from '../support/cluster-nodes.js';
import { configure, impatient, type Fault, type Stage } from './fault.js';

/** One Sentinel that knows the group, and wants a second one to agree. */
async function startSentinel({ master }: Stage): Promise<RedisServer> {
  const sentinel = await startRedisServer({
    sentinel: [`sentinel monitor main ${master.host} ${master.port} 2`],
  });
  onTestFinished(() => sentinel.stop());
  await until('it knows the replicas', async () => {
    const replicas = await sentinel.command('SENTINEL', 'REPLICAS', 'main');
    return Array.isArray(replicas) && replicas.length === 2;
  });
  return sentinel;
}

function bySentinel(name: string, ...words: readonly string[]) {
  return { args: ['--source', 'sentinel', '--name', name, ...words] };
}

/** A server in cluster mode that has these slots. */
async function startClusterNode(lastSlot?: number): Promise<RedisServer> {
  const node = await startRedisServer({
    args: [...(await clusterMode()), '--cluster-require-full-coverage', 'no'],
  });
  onTestFinished(() => node.stop());
  if (lastSlot !== undefined) await addSlots(node, 0, lastSlot);
  return node;
}

/** Sentinels and clusters. */
export const otherFaults: readonly Fault[] = [
  {
    name: 'a Sentinel among the nodes',
    async arrange(stage) {
      const sentinel = await startSentinel(stage);
      return { args: [stage.master.endpoint, stage.first.endpoint, sentinel.endpoint] };
    },
    finds: 'is-sentinel',
    remedy: /sentinelNodes/,
  },
  {
    name: 'a single Sentinel',
    arrange: async (stage) => bySentinel('main', (await startSentinel(stage)).endpoint),
    finds: 'few-sentinels',
    remedy: /three at least/,
  },
  {
    name: 'a Sentinel that finds no second one to agree',
    arrange: async (stage) => bySentinel('main', (await startSentinel(stage)).endpoint),
    finds: 'sentinel-no-quorum',
    what: /NOQUORUM/,
    remedy: /`SENTINEL SET <name> quorum <number>`/,
  },
  {
    name: 'a Sentinel that does not know the name',
    arrange: async (stage) => bySentinel('other', ...impatient, (await startSentinel(stage)).endpoint),
    finds: 'sentinel-unusable',
    severity: 'error',
    what: /"main"/,
    remedy: /its name for the group/,
  },
  {
    name: 'a source that knows no node',
    arrange: async () => bySentinel('main', ...impatient, `127.0.0.1:${await findFreePort()}`),
    finds: 'source-failing',
    severity: 'error',
    what: /no Sentinel can be used/,
    remedy: /what the message names/,
  },
  {
    name: 'two Sentinels that name different masters',
    async arrange(stage) {
      const [one, other] = await Promise.all([
        startSentinel(stage),
        startRedisServer({
          sentinel: [`sentinel monitor main ${stage.stranger.host} ${stage.stranger.port} 2`],
        }),
      ]);
      onTestFinished(() => other.stop());
      return bySentinel('main', one.endpoint, other.endpoint);
    },
    finds: 'sentinels-disagree',
    remedy: /`SENTINEL RESET <name>`/,
  },
  {
    name: 'replicas that no Sentinel may promote',
    async arrange(stage) {
      await configure(stage.first, 'replica-priority', 0);
      await configure(stage.second, 'replica-priority', 0);
      return bySentinel('main', (await startSentinel(stage)).endpoint);
    },
    finds: 'no-candidate',
    remedy: /`CONFIG SET replica-priority 100`/,
  },
  {
    name: 'a node in cluster mode, for an app that expects a group',
    arrange: async () => ({ args: [(await startClusterNode(16_383)).endpoint] }),
    finds: 'is-cluster',
    severity: 'error',
    remedy: /option `cluster`/,
  },
  {
    name: 'nodes of a group, for an app that expects a cluster',
    arrange: ({ group }) => ({ args: [...impatient, '--cluster', ...group.endpoints] }),
    finds: 'source-failing',
    severity: 'error',
    what: /cluster support disabled/,
    remedy: /what the message names/,
  },
  {
    name: 'a cluster with slots that nobody has',
    arrange: async () => ({ args: ['--cluster', (await startClusterNode(99)).endpoint] }),
    finds: 'slots-unassigned',
    severity: 'error',
    what: /16284 slots/,
    remedy: /`redis-cli --cluster fix <host:port>`/,
  },
  {
    name: 'a user who may not ask a cluster for its state',
    async arrange() {
      const node = await startClusterNode(16_383);
      const rules = ['~*', '&*', '+@all', '-cluster', '+cluster|nodes', '+cluster|slots'];
      await node.command('ACL', 'SETUSER', 'app', 'on', '>top-secret', ...rules);
      const environment = { REDIS_USERNAME: 'app', REDIS_PASSWORD: 'top-secret' };
      return { args: ['--cluster', node.endpoint], environment };
    },
    finds: 'right-cluster',
    remedy: /`ACL SETUSER app \+cluster\|info`/,
  },
];
