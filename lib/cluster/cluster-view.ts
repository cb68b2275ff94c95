import type { Endpoint } from '../topology/endpoint.js';
import type { SlotRange } from './slots.js';

/** What one node reports about the whole cluster. */
export interface ClusterView {
  readonly nodes: readonly ClusterNode[];
}

/** A node of the cluster, as another node sees it. */
export interface ClusterNode {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** Other places where servers may say that it is: its address if it has a name too, and the reverse. */
  readonly aliases: readonly Endpoint[];
  /** The id of its master; absent for masters. */
  readonly masterId?: string;
  readonly slots: readonly SlotRange[];
  /** Slots that are on their way to or from this node. Only the node itself reports them. */
  readonly migrating: readonly number[];
  /** Whether it is the node that told this. */
  readonly isAsked: boolean;
  /** Whether it is in the cluster: not in its handshake, and not without an address. */
  readonly isMember: boolean;
}

/** Reads the replies to `CLUSTER NODES` and `CLUSTER SLOTS` of the node at `asked`. */
export function readClusterView(nodes: string, slots: unknown, asked: Endpoint): ClusterView {
  const announced = readAnnounced(slots);
  return {
    nodes: nodes
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .flatMap((line) => readNode(line, { announced, asked })),
  };
}

interface Context {
  /** Where clients are to reach each node, by its id. */
  readonly announced: ReadonlyMap<string, Endpoint>;
  readonly asked: Endpoint;
}

/** `<id> <ip:port@cport[,hostname]> <flags> <master> <ping> <pong> <epoch> <link> <slot> …` */
function readNode(line: string, { announced, asked }: Context): readonly ClusterNode[] {
  const [id = '', address = '', flags = '', master = '-', , , , , ...slots] = line.split(' ');
  const isAsked = flags.split(',').includes('myself');
  const own = readAddress(address, asked.host);
  if (own === undefined) {
    return [];
  }
  // The node that answers can be reached where it was asked, whatever it announces.
  const endpoint = announced.get(id) ?? (isAsked ? { ...own, host: asked.host } : own);
  const named = readHostname(address, own.port);
  return [
    {
      id,
      endpoint: asked.tls === true ? { ...endpoint, tls: true } : endpoint,
      aliases: [own, ...named, ...(isAsked ? [asked] : [])],
      ...(master !== '-' && { masterId: master }),
      slots: slots.flatMap(readRange),
      migrating: slots.flatMap(readMigration),
      isAsked,
      isMember: !/\b(handshake|noaddr)\b/.test(flags),
    },
  ];
}

/** A node that does not know its own address yet announces none. */
function readAddress(text: string, ownHost: string): Endpoint | undefined {
  const [, host = '', port = ''] = /^(.*):(\d+)(?:@\d+)?(?:,|$)/.exec(text) ?? [];
  const number = Number(port);
  return number > 0 ? { host: (host === '' ? ownHost : host).toLowerCase(), port: number } : undefined;
}

function readHostname(text: string, port: number): readonly Endpoint[] {
  const host = text.split(',')[1] ?? '';
  return host === '' || host.includes('=') ? [] : [{ host: host.toLowerCase(), port }];
}

function readRange(text: string): readonly SlotRange[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  return first === undefined ? [] : [{ first: Number(first), last: Number(last) }];
}

/** `[93-<-id]` while it is imported, `[77->-id]` while it migrates. */
function readMigration(text: string): readonly number[] {
  const [, slot] = /^\[(\d+)-[<>]-/.exec(text) ?? [];
  return slot === undefined ? [] : [Number(slot)];
}

/**
 * `CLUSTER SLOTS` names each node by the kind of endpoint that the cluster prefers and by the port for this kind of
 * connection, in the form `[host, port, id, …]`. The host is empty where clients are to use the address they know.
 */
function readAnnounced(slots: unknown): ReadonlyMap<string, Endpoint> {
  const entries = listIn(slots).flatMap((range) => listIn(range).slice(2));
  return new Map(
    entries.flatMap((entry) => {
      const [host, port, id] = listIn(entry);
      const isAnnounced = typeof host === 'string' && host !== '' && host !== '?';
      return isAnnounced && typeof id === 'string' && Number(port) > 0
        ? [[id, { host: host.toLowerCase(), port: Number(port) }] as const]
        : [];
    }),
  );
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
