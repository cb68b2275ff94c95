import { concat, NEVER, of } from 'rxjs';
import type { NodeSource } from './node-source.js';
import { readEndpoints } from './read-endpoints.js';

/**
 * A fixed list of all nodes, master and replicas in any order: `host:port`, `[ipv6]:port`, `redis://…`,
 * `rediss://…` or `unix:/path`. Host names are resolved again for every connection.
 *
 * @throws TypeError if the list is empty, or an entry is malformed or listed twice.
 * @publicApi
 */
export function staticNodes(nodes: readonly string[]): NodeSource {
  const endpoints = readEndpoints('staticNodes', nodes);
  return () => concat(of(endpoints), NEVER);
}
