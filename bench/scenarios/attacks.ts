import { readInfo } from '../../lib/testing/servers/info.js';
import { lyingAbout } from '../../test/support/lies.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { until } from '../../lib/testing/servers/until.js';
import { startCrowd } from './crowd.js';
import type { Stage, StageOptions } from './stage.js';

/** What somebody does who may use the channel of the fleet, or who stands between the app and its nodes. */
export interface Attack {
  readonly name: string;
  readonly stage: StageOptions;
  /** Begins before the app is there, and lasts until the returned function is called. */
  readonly begin: (node: RedisServer) => Promise<() => void>;
}

const channel = 'nestjs-redis-replication:probe';

export const noAttack: Attack = { name: 'none', stage: {}, begin: () => Promise.resolve(() => undefined) };

/** Only a node that lies about its clients as well is believed to have so many apps. */
export const lyingTwice = lies('4e8 subscribers and 2^31 - 1 clients', {
  subscribers: '400000000',
  clients: '2147483647',
});

export const attacks: readonly Attack[] = [
  noAttack,
  listeners(500),
  listeners(2000),
  lies('4e8 subscribers', { subscribers: '400000000' }),
  lies('2^53 subscribers', { subscribers: '9007199254740992' }),
  lyingTwice,
  flood('ever new ones', 'false-#'),
  flood('always the same one', 'false'),
  eightAnnouncements(),
];

export async function beginOnAll({ begin }: Attack, { group }: Stage): Promise<() => void> {
  const ends = await Promise.all(group.nodes.map(begin));
  return () => ends.forEach((end) => end());
}

/** Clients that subscribe as apps do, and never probe. */
function listeners(count: number): Attack {
  return {
    name: `${count.toLocaleString('en')} listeners on each node`,
    stage: {},
    begin: (node) => listen(node, count),
  };
}

async function listen(node: RedisServer, size: number): Promise<() => void> {
  const { host, port } = node;
  const leave = await startCrowd({ host, port, size, greeting: `SUBSCRIBE ${channel}` });
  await until('they listen', async () => {
    const reply = await node.command('PUBSUB', 'NUMSUB', channel);
    return Array.isArray(reply) && reply[1] === size;
  });
  return leave;
}

function lies(what: string, lie: Parameters<typeof lyingAbout>[0]): Attack {
  return {
    name: `each node tells of ${what}`,
    stage: { proxied: true, rewrite: lyingAbout(lie) },
    begin: () => Promise.resolve(() => undefined),
  };
}

/** 10,000 a second on all three nodes together: the app that receives them has a core to share with all servers. */
function flood(what: string, promotionId: string): Attack {
  return {
    name: `10,000 announcements a second, ${what}`,
    stage: {},
    begin: (node) => announce(node, { promotionId, perSecond: 10_000 / 3 }),
  };
}

interface Announcing {
  readonly promotionId: string;
  readonly perSecond: number;
}

async function announce(node: RedisServer, { promotionId, perSecond }: Announcing): Promise<() => void> {
  const { host, port } = node;
  const runId = (await readInfo(node, 'server')).get('run_id') ?? '';
  const command = `PUBLISH ${channel} "${runId} ${promotionId}"`;
  return startCrowd({ host, port, size: 1, repeated: { command, perSecond } });
}

/** After eight false announcements, apps once ignored all others for a time. */
function eightAnnouncements(): Attack {
  return {
    name: '500 listeners, and eight false announcements a second',
    stage: {},
    async begin(node) {
      const leave = await listen(node, 500);
      const end = await announce(node, { promotionId: 'false-#', perSecond: 8 });
      return () => {
        end();
        leave();
      };
    },
  };
}
