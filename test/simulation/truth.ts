import type { Redis } from 'ioredis';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { AppSocket } from './app-socket.js';
import type { NodeTruth, Sample } from './history.js';
import type { Network } from './network.js';
import type { Server } from './server.js';
import type { World } from './world.js';

/** The actual state at this moment, which the app may not know. */
export function takeSample({ servers, network, clock, settings }: World, writer: Redis): Sample {
  return {
    nodes: servers.map((server) => truthOf(server, network, settings.nodes)),
    writer:
      writer.status === 'ready' && writer.stream instanceof AppSocket ? writer.stream.server : undefined,
    held: writer instanceof FollowingRedis ? writer.heldCommands : 0,
    timers: clock.appTimers,
    sockets: network.openSockets,
  };
}

function truthOf(server: Server, network: Network, names: readonly string[]): NodeTruth {
  const { toNode, fromNode, extraMs } = network.way(server.name);
  const isFree = toNode === 'free' && fromNode === 'free' && server.isPowered();
  const isListed = network.leadsTo(server.name, names);
  const answers = server.process === 'running' && server.paused !== 'all' && isFree;
  const isWell = server.process === 'running' && server.paused !== 'all' && server.trouble !== 'LOADING';
  return {
    node: server.name,
    reachable: isWell && isFree && isListed && extraMs === 0,
    isGone: server.isGone,
    isSilent: !answers || (!isListed && !network.isConnected(server.name)),
    isClear: isWell && server.trouble === undefined && server.paused === 'nothing',
    role: server.role,
    runId: server.runId,
    id: server.log.id,
    previousId: server.log.previousId,
    follows: server.replica.follows,
    isSyncing: server.role === 'replica' && server.replica.link === 'syncing',
    isForged: server.rogue !== undefined,
    probes: server.probes,
  };
}
