import type { Redis } from 'ioredis';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { AppSocket } from './app-socket.js';
import type { NodeTruth, Sample } from './history.js';
import type { Server } from './server.js';
import type { World } from './world.js';

/** The actual state at this moment, which the app may not know. */
export function takeSample({ servers, network, clock }: World, writer: Redis): Sample {
  return {
    nodes: servers.map((server) => truthOf(server, network.way(server.name))),
    writer: writer.status === 'ready' && writer.stream instanceof AppSocket ? writer.stream.node : undefined,
    held: writer instanceof FollowingRedis ? writer.heldCommands : 0,
    timers: clock.appTimers,
    sockets: network.openSockets,
  };
}

function truthOf(
  server: Server,
  { toNode, fromNode, extraMs }: ReturnType<World['network']['way']>,
): NodeTruth {
  const isWell = server.process === 'running' && server.paused !== 'all' && server.trouble !== 'LOADING';
  return {
    node: server.name,
    reachable: isWell && toNode === 'free' && fromNode === 'free' && extraMs === 0 && server.isPowered(),
    isClear: isWell && server.trouble === undefined && server.paused === 'nothing',
    role: server.role,
    runId: server.runId,
    id: server.log.id,
    previousId: server.log.previousId,
    follows: server.replica.follows,
  };
}
