import type { Certificates } from '../../lib/testing/servers/certificates.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The names under which a cloud offers a group. */
export interface Dns {
  /** `host:port`; the name leads to the master. */
  readonly primary: string;
  /** `host:port`; the name leads to the replicas. */
  readonly reader: string;
  readonly lookup: (hostname: string) => Promise<readonly string[]>;
}

/** A group of servers as an app sees it. */
export interface Place {
  readonly nodes: readonly Address[];
  /** The one of the nodes that is master now. */
  readonly master: Address;
  /** The address under which the app reaches a node. It differs from the server's own address behind a proxy. */
  readonly reach: (named: Address) => Address;
  readonly dns: Dns;
  readonly tls?: Certificates | undefined;
  readonly sentinel?: { readonly name: string; readonly addresses: readonly Address[] } | undefined;
}

/** The list to which each write appends its id. */
export const writesKey = 'bench:writes';

/** One client, connected and used as its documentation recommends. */
export interface Client {
  /** Pushes the id to `writesKey`; settles as the client's own call does. */
  readonly write: (id: string) => Promise<unknown>;
  /** Gives the new master to the contender that cannot detect it by itself. */
  readonly tell?: (master: Address) => void;
  readonly close: () => Promise<unknown>;
}

export interface ReadClient {
  readonly read: () => Promise<unknown>;
  /** `host:port` of the node that answers now. */
  readonly node: () => string | undefined;
  readonly close: () => Promise<unknown>;
}

export interface Contender {
  readonly name: string;
  /** The npm package whose version is shown. */
  readonly package: string;
  /** The contender cannot run without it. */
  readonly needs?: 'sentinel';
  /** Resolves when it is ready to write. */
  readonly open: (place: Place) => Promise<Client>;
  /** Connected to a replica, where it can do that. */
  readonly openReader?: (place: Place) => Promise<ReadClient>;
}

export function formatAddress({ host, port }: Address): string {
  return `${host}:${port}`;
}
