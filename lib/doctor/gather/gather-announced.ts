import type { Dial, DialOptions } from '../../sockets/dial.js';
import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import type { AnnouncedFacts, NameFacts, NodeFacts } from '../facts.js';
import { tryDial } from './reach-node.js';

/** More than a group has. Whoever may run `PSYNC` can have any address listed. */
const MOST = 32;

interface Dialling {
  readonly dial: Dial;
  readonly options: Omit<DialOptions, 'tls'>;
}

/** Whether the addresses that nodes name, and the app does not, accept a connection. Nothing is sent to them. */
export async function gatherAnnounced(
  nodes: readonly NodeFacts[],
  names: readonly NameFacts[],
  { dial, options }: Dialling,
): Promise<readonly AnnouncedFacts[]> {
  const known = new Set(nodes.flatMap(({ node }) => waysTo(node.address, names)));
  const named = nodes.flatMap(({ node, server }) =>
    (server?.named ?? []).map((address) => ({ address, by: node.endpoint })),
  );
  const others = new Map<string, Endpoint>(
    named
      .map(({ address }) => [formatEndpoint(address), address] as const)
      .filter(([name]) => !known.has(name)),
  );
  return Promise.all(
    [...others].slice(0, MOST).map(async ([endpoint, address]) => ({
      endpoint,
      host: address.host,
      by: named.filter((each) => formatEndpoint(each.address) === endpoint).map(({ by }) => by),
      reach: await tryDial(dial, { host: address.host, port: address.port }, options),
    })),
  );
}

/** A node by the name that the app gives it, and by the addresses behind that name. */
function waysTo({ host, port }: Endpoint, names: readonly NameFacts[]): readonly string[] {
  const addresses = names.find(({ name }) => name === host)?.addresses ?? [];
  return [host, ...addresses].map((each) => formatEndpoint({ host: each, port }));
}
