import { connect } from 'node:net';
import type { Cluster, Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { rolesOf, type GroupRoles } from './group-roles.js';
import { listen } from '../../lib/testing/network/listener.js';
import { openReplication, type OpenReplication } from './open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy, type TcpProxy } from '../../lib/testing/network/tcp-proxy.js';

/** The app reaches the master through a forwarder that can reset connections, followed by a proxy that loses bytes. */
export interface Stage extends GroupRoles, OpenReplication {
  readonly group: ServerGroup;
  readonly proxy: TcpProxy;
  readonly door: Door;
}

export async function openBehindDoor(group: ServerGroup, redis: object = {}): Promise<Stage> {
  const proxy = await startProxy(group.master.port);
  onTestFinished(() => proxy.stop());
  const door = await openDoor(proxy.port);
  onTestFinished(() => door.close());
  const roles = rolesOf(group);
  const endpoints = [door.endpoint, roles.heir.endpoint, roles.other.endpoint];
  const opened = await openReplication(endpoints, { redis });
  return { ...opened, ...roles, group, proxy, door };
}

interface Door {
  readonly endpoint: string;
  /** Every connection ends as with a machine that was restarted: by RST, not by FIN. */
  reset(): void;
  close(): Promise<void>;
}

async function openDoor(port: number): Promise<Door> {
  const listener = await listen((socket) => {
    const target = connect({ host: '127.0.0.1', port, noDelay: true });
    target.on('error', () => undefined).on('close', () => socket.destroy());
    socket.on('close', () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  return {
    endpoint: listener.endpoint,
    reset: () => listener.sockets.forEach((socket) => socket.resetAndDestroy()),
    close: () => listener.stop(),
  };
}

/** How often a node has executed each command, according to its data. */
export async function executions(node: RedisServer) {
  const [counter, pushed, added, script] = [
    await node.command('GET', 'lost:counter'),
    await node.command('LLEN', 'lost:list'),
    await node.command('XLEN', 'lost:stream'),
    await node.command('GET', 'lost:script'),
  ];
  return { incr: Number(counter), lpush: Number(pushed), xadd: Number(added), eval: Number(script) };
}

export const times = (count: number) => ({ incr: count, lpush: count, xadd: count, eval: count });
export const writes = ['incr', 'lpush', 'xadd', 'eval'] as const;

const script = "return redis.call('INCR', KEYS[1])";

/** How five commands are issued: four that must not run twice, and one that only reads. */
export interface Form {
  readonly name: string;
  readonly redis?: object;
  /** Issues them, and resolves with how each of them has ended: a value, or an error. */
  readonly issue: (writer: Redis | Cluster) => Promise<readonly unknown[]>;
}

export const forms: readonly Form[] = [
  { name: 'single commands', issue: issueEach },
  {
    name: 'single commands that are pipelined automatically',
    redis: { enableAutoPipelining: true },
    issue: issueEach,
  },
  {
    name: 'the members of a pipeline',
    async issue(writer) {
      const replies = await fill(writer.pipeline()).exec();
      return (replies ?? []).map(([error, value]) => error ?? value);
    },
  },
];

export function issueEach(writer: Redis | Cluster): Promise<readonly unknown[]> {
  const issued: readonly Promise<unknown>[] = [
    writer.incr('lost:counter'),
    writer.lpush('lost:list', 'x'),
    writer.xadd('lost:stream', '*', 'field', 'value'),
    writer.eval(script, 1, 'lost:script'),
    writer.get('lost:text'),
  ];
  return Promise.all(issued.map((each) => each.catch((error: unknown) => error)));
}

export function fill(pipeline: ReturnType<Redis['pipeline']>): ReturnType<Redis['pipeline']> {
  return pipeline
    .incr('lost:counter')
    .lpush('lost:list', 'x')
    .xadd('lost:stream', '*', 'field', 'value')
    .eval(script, 1, 'lost:script')
    .get('lost:text');
}
