import { isIPv6 } from 'node:net';
import type { Endpoint } from '../topology/endpoint.js';
import type { ReplicationHistory } from '../topology/lineage.js';
import type { NodeReport, ReplicaLink } from '../topology/observation.js';
import { readInfoText, type Info, type InfoFields } from './info-text.js';

/** The fields of an `INFO` reply that are used, by name. */
export function parseInfo(text: string): InfoFields {
  return readInfoText(text).fields;
}

/** The report in `INFO replication`, or `undefined` if the role is missing or unknown. */
export function readReplication({ fields: info, replicas, keys }: Info): NodeReport | undefined {
  const named = readReplicas(replicas);
  const [master] = readMaster(info);
  switch (info.get('role')) {
    case 'master':
      return {
        role: 'master',
        ...readHistory(info),
        ...readOffset(info, 'master_repl_offset'),
        ...(keys !== undefined && { keys }),
        named,
      };
    case 'slave':
      return {
        role: 'replica',
        ...readHistory(info),
        ...readOffset(info, 'slave_repl_offset'),
        link: readLink(info),
        ...(isNeverSynced(info) && { neverSynced: true as const }),
        ...(keys !== undefined && { keys }),
        ...(master !== undefined && { follows: master }),
        // Replicas may be chained, and no other node lists the replicas of this one.
        named: master === undefined ? named : [master, ...named],
      };
    default:
      return undefined;
  }
}

/** The name and version of the server. Valkey reports a `redis_version` of 7, too, for compatibility. */
export function readVersion(info: InfoFields): { readonly version?: string } {
  const [valkey, redis] = [info.get('valkey_version'), info.get('redis_version')];
  const version = valkey === undefined ? `redis ${redis}` : `valkey ${valkey}`;
  return /^\w+ \d[\w.+-]{0,40}$/.test(version) ? { version } : {};
}

/** A replica that was in sync once has the offset of its master, also after a restart from a snapshot. */
function isNeverSynced(info: InfoFields): boolean {
  return (
    readLink(info) === 'down' &&
    info.get('master_link_down_since_seconds') === '-1' &&
    Number(info.get('master_repl_offset') ?? Number.NaN) === 0
  );
}

function readHistory(info: InfoFields): { readonly history?: ReplicationHistory } {
  const id = readId(info.get('master_replid'));
  const previousId = readId(info.get('master_replid2'));
  const from = Number(info.get('second_repl_offset'));
  if (id === undefined) {
    return {};
  }
  const hasPrevious = previousId !== undefined && Number.isSafeInteger(from) && from > 0;
  return { history: hasPrevious ? { id, previous: { id: previousId, from } } : { id } };
}

/**
 * Replication ids and run ids have forty characters. They are kept for long, so a node must not decide how long they are.
 * Servers print forty zeros if there is none.
 */
export function readId(text: string | undefined): string | undefined {
  return text !== undefined && /^[!-~]{1,64}$/.test(text) && !/^0*$/.test(text) ? text : undefined;
}

function readOffset(info: InfoFields, field: string): { readonly offset?: number } {
  const offset = Number(info.get(field));
  return info.has(field) && Number.isSafeInteger(offset) ? { offset } : {};
}

function readLink(info: InfoFields): ReplicaLink {
  if (info.get('master_sync_in_progress') === '1') {
    return 'syncing';
  }
  return info.get('master_link_status') === 'up' ? 'up' : 'down';
}

function readReplicas(values: readonly string[]): readonly Endpoint[] {
  return values
    .map((value) => new Map(value.split(',').map((pair) => splitOnce(pair, '='))))
    .filter((replica) => replica.get('type') !== SECOND_CHANNEL)
    .flatMap((replica) => readAddress(replica.get('ip'), replica.get('port')));
}

/**
 * With `dual-channel-replication-enabled`, Valkey sends a first copy over a second connection, and lists it like a
 * replica. Valkey 8 lists it by the address from which it comes, not by the one that the replica announces.
 */
const SECOND_CHANNEL = 'rdb-channel';

function readMaster(info: InfoFields): readonly Endpoint[] {
  return readAddress(info.get('master_host'), info.get('master_port'));
}

/** A replica announces any text as its address; what cannot be one is left out. */
function readAddress(host = '', port = ''): readonly Endpoint[] {
  const number = Number(port);
  return isHost(host) && /^\d+$/.test(port) && number >= 1 && number <= 65_535
    ? [{ host: host.toLowerCase(), port: number }]
    : [];
}

function isHost(host: string): boolean {
  return /^[A-Za-z0-9._-]{1,253}$/.test(host) || isIPv6(host);
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
