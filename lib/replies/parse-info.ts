import type { Endpoint } from '../topology/endpoint.js';
import type { ReplicationHistory } from '../topology/lineage.js';
import type { NodeReport, ReplicaLink } from '../topology/observation.js';

/** The fields of an `INFO` reply, by name. */
export type InfoFields = ReadonlyMap<string, string>;

export function parseInfo(text: string): InfoFields {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 || line.startsWith('#')
        ? []
        : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

/** The report in `INFO replication`, or `undefined` if the role is missing or unknown. */
export function readReplication(info: InfoFields): NodeReport | undefined {
  switch (info.get('role')) {
    case 'master':
      return {
        role: 'master',
        ...readHistory(info),
        ...readOffset(info, 'master_repl_offset'),
        named: readReplicas(info),
      };
    case 'slave':
      return {
        role: 'replica',
        ...readHistory(info),
        ...readOffset(info, 'slave_repl_offset'),
        link: readLink(info),
        ...(isNeverSynced(info) && { neverSynced: true as const }),
        // Replicas may be chained, and no other node lists the replicas of this one.
        named: [...readMaster(info), ...readReplicas(info)],
      };
    default:
      return undefined;
  }
}

/** How many keys all databases have together; `undefined` if the reply has no section `Keyspace`. */
export function countKeys(text: string): number | undefined {
  const at = text.indexOf('# Keyspace');
  return at < 0
    ? undefined
    : [...text.slice(at).matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, [, keys]) => sum + Number(keys), 0);
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
  const id = info.get('master_replid');
  const previousId = info.get('master_replid2');
  const from = Number(info.get('second_repl_offset'));
  if (id === undefined || isNoId(id)) {
    return {};
  }
  const hasPrevious = previousId !== undefined && !isNoId(previousId) && from > 0;
  return { history: hasPrevious ? { id, previous: { id: previousId, from } } : { id } };
}

/** Servers print forty zeros if there is no id. */
function isNoId(id: string): boolean {
  return /^0*$/.test(id);
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

function readReplicas(info: InfoFields): readonly Endpoint[] {
  return [...info]
    .filter(([field]) => /^slave\d+$/.test(field))
    .flatMap(([, value]) => {
      const pairs = new Map(value.split(',').map((pair) => splitOnce(pair, '=')));
      return readAddress(pairs.get('ip'), pairs.get('port'));
    });
}

function readMaster(info: InfoFields): readonly Endpoint[] {
  return readAddress(info.get('master_host'), info.get('master_port'));
}

function readAddress(host: string | undefined, port: string | undefined): readonly Endpoint[] {
  const number = Number(port);
  return host === undefined || host === '' || !Number.isInteger(number) || number < 1
    ? []
    : [{ host: host.toLowerCase(), port: number }];
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
