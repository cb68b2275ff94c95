import type { TcpProxy } from '../../lib/testing/network/tcp-proxy.js';
import type { ApplyFault, FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import { changesOf, promoteHeir, repoint, retire } from './succession.js';
import { anyReplica, lastAWhile, whenFollowed, whenLeft } from './wait.js';

const breaks: readonly [Break, ...Break[]] = [
  { name: 'both ways', apply: (proxy) => proxy.partition('both') },
  { name: 'commands are lost', apply: (proxy) => proxy.partition('toServer') },
  { name: 'replies are lost', apply: (proxy) => proxy.swallowReplies() },
  {
    name: 'refused',
    apply(proxy) {
      proxy.refuse();
      proxy.cut();
    },
  },
];

interface Break {
  readonly name: string;
  readonly apply: (proxy: TcpProxy) => void;
}

/** The master runs on, but apps cannot reach it for a while. */
export const partition: ApplyFault = async (context) => {
  const heal = breakOff(context, context.group.master);
  await lastAWhile(context, 2500);
  await heal();
  await whenFollowed(context);
};

/** Meanwhile a replica is promoted; then apps can reach the old master again, which still claims to be master. */
export const partitionAndPromote: ApplyFault = async (context) => {
  const { master: old } = context.group;
  const heal = breakOff(context, old);
  await lastAWhile(context);
  const promotion = await promoteHeir(context, anyReplica(context));
  await repoint(context, [old]);
  await whenFollowed(context);
  await heal();
  await whenLeft(old);
  const changes = await changesOf(old.server);
  await lastAWhile(context);
  await retire(context, promotion, { mayLose: true, changes });
};

/** Every connection of every app to every node is closed, a few times. */
export const resetConnections: ApplyFault = async (context) => {
  const times = 1 + context.random.below(3);
  for (let time = 0; time < times; time += 1) {
    context.group.nodes.forEach(({ proxies }) => proxies.forEach((proxy) => proxy.cut()));
    await lastAWhile(context, 200);
  }
};

export const killClients: ApplyFault = async ({ group }) => {
  await group.master.server.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await group.master.server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
};

export const pauseWrites: ApplyFault = async (context) => {
  const { server } = context.group.master;
  await server.command('CLIENT', 'PAUSE', 60_000, 'WRITE');
  await lastAWhile(context, 2500);
  await server.command('CLIENT', 'UNPAUSE');
};

/**
 * Cuts off one app or all of them. Healing closes the connections first: bytes that were lost in the middle of a stream
 * would be a fault that TCP does not have.
 */
function breakOff({ random, loads, remark }: FaultContext, { proxies }: TortureNode): () => Promise<void> {
  const { name, apply } = random.oneOf(breaks);
  const all = random.chance(0.5);
  const chosen = random.below(proxies.length);
  const broken = proxies.filter((_, index) => all || index === chosen);
  remark(`${name}, ${all ? 'all apps' : `app ${loads[chosen]?.app.name}`}`);
  broken.forEach(apply);
  return async () => {
    for (const proxy of broken) {
      proxy.cut();
      proxy.heal();
      await proxy.accept();
    }
  };
}
