import type { FakeNodeState } from './fake-node-state.js';
import { array, bulk, integer, map } from './resp.js';
import type { Protocol, Reply } from './resp.js';

/** The reply to `HELLO`. */
export function helloReply(state: FakeNodeState, connection: { id: number; protocol: Protocol }): Reply {
  return map({
    server: bulk('redis'),
    version: bulk(state.version),
    proto: integer(connection.protocol),
    id: integer(connection.id),
    mode: bulk(state.redisMode),
    role: bulk(state.role),
    modules: array(),
  });
}

/** The reply to `ROLE`. */
export function roleReply(state: FakeNodeState): Reply {
  if (state.role === 'master') {
    const replicas = state.replicas.map(({ endpoint, offset }) => {
      const { host, port } = split(endpoint);
      return array(bulk(host), bulk(port), bulk(String(offset)));
    });
    return array(bulk('master'), integer(state.offset), array(...replicas));
  }
  const { host, port } = split(state.master);
  const link = linkWord(state);
  const offset = link === 'connected' ? state.offset : -1;
  return array(bulk('slave'), bulk(host), integer(Number(port)), bulk(link), integer(offset));
}

/** The reply to `INFO`, with the sections asked for, or all. */
export function infoReply(state: FakeNodeState, sections: readonly string[]): Reply {
  const wanted = sections.map((name) => name.toLowerCase());
  const isAll = wanted.length === 0 || wanted.some((name) => ['all', 'default', 'everything'].includes(name));
  const texts = Object.entries(infoSections(state))
    .filter(([name]) => isAll || wanted.includes(name.toLowerCase()))
    .map(([name, fields]) => infoSection(name, fields));
  return bulk(texts.join('\r\n'));
}

type Fields = Readonly<Record<string, string | number>>;

function infoSections(state: FakeNodeState): Readonly<Record<string, Fields>> {
  return {
    Server: { redis_version: state.version, redis_mode: state.redisMode, run_id: state.runId },
    Clients: { connected_clients: state.clients },
    Persistence: { loading: Number(state.loading) },
    Replication: {
      role: state.role === 'master' ? 'master' : 'slave',
      ...(state.role === 'master' ? {} : upstreamFields(state)),
      ...downstreamFields(state),
      master_failover_state: 'no-failover',
      master_replid: state.replid,
      master_replid2: state.replid2,
      master_repl_offset: state.offset,
      second_repl_offset: state.secondOffset,
    },
  };
}

function infoSection(name: string, fields: Fields): string {
  const lines = Object.entries(fields).map(([key, value]) => `${key}:${value}\r\n`);
  return `# ${name}\r\n${lines.join('')}`;
}

function upstreamFields(state: FakeNodeState): Fields {
  const { host, port } = split(state.master);
  return {
    master_host: host,
    master_port: port,
    master_link_status: state.linkStatus,
    master_last_io_seconds_ago: state.linkStatus === 'up' ? 1 : -1,
    master_sync_in_progress: Number(state.syncInProgress),
    slave_read_repl_offset: state.offset,
    slave_repl_offset: state.offset,
    slave_priority: 100,
    slave_read_only: 1,
  };
}

function downstreamFields(state: FakeNodeState): Fields {
  const lines = state.replicas.map(({ endpoint, offset, lag }, index): Fields => {
    const { host, port } = split(endpoint);
    return { [`slave${index}`]: `ip=${host},port=${port},state=online,offset=${offset},lag=${lag}` };
  });
  return lines.reduce((all, line) => ({ ...all, ...line }), { connected_slaves: lines.length });
}

function linkWord({ linkStatus, syncInProgress }: FakeNodeState): string {
  if (syncInProgress) return 'sync';
  return linkStatus === 'up' ? 'connected' : 'connect';
}

function split(endpoint: string): { host: string; port: string } {
  const colon = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, colon), port: endpoint.slice(colon + 1) };
}
