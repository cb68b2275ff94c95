import type { ConnectionOptions } from 'node:tls';
import { fixedLogins } from '../../credentials/logins.js';
import type { Dial } from '../../sockets/dial.js';
import { askSentinel, openSentinel } from '../../sources/sentinel/ask-sentinel.js';
import { readListing } from '../../sources/sentinel/listing.js';
import { reasonOf } from '../../sources/sentinel/sentinel-fault.js';
import type { SentinelNodesOptions } from '../../sources/sentinel/sentinel-nodes.js';
import { readEndpoints } from '../../sources/read-endpoints.js';
import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import { Connection } from '../../wire/connection.js';
import type { SentinelFacts } from '../facts.js';
import { messageOf, within } from './within.js';

/** The Sentinels that are asked: options of sentinelNodes, with nothing that changes. */
export interface SentinelGroup extends Pick<
  SentinelNodesOptions,
  'name' | 'sentinels' | 'username' | 'password'
> {
  readonly tls?: ConnectionOptions;
}

interface Asking {
  readonly dial: Dial;
  readonly family: number | undefined;
  readonly limitMs: number;
}

/** What each of the Sentinels says that the user names. Never rejects. */
export async function askSentinels(
  options: SentinelGroup,
  asking: Asking,
): Promise<readonly SentinelFacts[]> {
  const endpoints = readEndpoints('sentinelNodes', options.sentinels, 'Sentinel');
  return Promise.all(endpoints.map((endpoint) => askOne(endpoint, options, asking)));
}

async function askOne(
  address: Endpoint,
  { name, username, password, tls }: SentinelGroup,
  { dial, family, limitMs }: Asking,
): Promise<SentinelFacts> {
  const endpoint = formatEndpoint(address);
  const connection = new Connection({
    socket$: dial(address, { tls, family, connectTimeoutMs: limitMs }),
  });
  try {
    const logins = fixedLogins({ username, password });
    await within(
      limitMs,
      openSentinel(connection, { name, node: endpoint, logins, onLogin: nothing, onEvent: nothing }),
    );
    const replies = await within(limitMs, askSentinel(connection, name));
    const { mode, master, others } = readListing(replies, { node: same, sentinel: same });
    return {
      endpoint,
      kind: 'usable',
      mode,
      ...(master && { master: formatEndpoint(master) }),
      known: 1 + others.length,
      quorum: await askQuorum(connection, name, limitMs),
    };
  } catch (error) {
    return { endpoint, kind: 'unusable', reason: reasonOf(error, password) };
  } finally {
    connection.close();
  }
}

const same = (each: Endpoint) => each;
const nothing = () => undefined;

async function askQuorum(connection: Connection, name: string, limitMs: number) {
  try {
    await within(limitMs, connection.call('SENTINEL', 'CKQUORUM', name));
    return 'reached' as const;
  } catch (error) {
    const complaint = messageOf(error);
    return complaint.startsWith('NOQUORUM') || complaint.startsWith('NOGOODSLAVE')
      ? { complaint }
      : ('unknown' as const);
  }
}
