import type { Endpoint } from '../../topology/endpoint.js';
import type { Value } from '../../wire/header.js';
import { endpointFaults } from '../endpoint-faults.js';
import { elementsOf, fieldsOf } from './reply-fields.js';

/** What one Sentinel says of the group. */
export interface Listing {
  /** The id of the Sentinel itself, the same under all of its addresses. Absent where it does not tell. */
  readonly id?: string;
  /** In TILT mode a Sentinel does not trust its clock: it decides nothing, and what it says of the master may be old. */
  readonly mode: 'normal' | 'tilt';
  /** Absent if the app cannot reach the address. */
  readonly master?: Endpoint;
  /** The master and the replicas; those that the Sentinel considers down come last. */
  readonly nodes: readonly Endpoint[];
  readonly others: readonly OtherSentinel[];
}

export interface OtherSentinel {
  readonly id?: string;
  readonly endpoint: Endpoint;
}

/** The address to use for one that a Sentinel names; `undefined` leaves it out. */
export type Locate = (named: Endpoint) => Endpoint | undefined;

export interface Locating {
  readonly node: Locate;
  readonly sentinel: Locate;
}

/** The replies of one Sentinel; `null` for a command that it does not know or permit. */
export interface Replies {
  /** `SENTINEL MASTER`. */
  readonly master: Value;
  /** `SENTINEL REPLICAS`. */
  readonly replicas: Value;
  /** `SENTINEL SENTINELS`. */
  readonly sentinels: Value;
  /** `SENTINEL MYID`. */
  readonly id: Value;
  /** `INFO sentinel`. */
  readonly info: Value;
}

/** Whatever is malformed is left out. */
export function readListing({ master, replicas, sentinels, id, info }: Replies, locate: Locating): Listing {
  const [accepted] = readEntry(master, locate.node);
  const followers = elementsOf(replicas).flatMap((entry) => readEntry(entry, locate.node));
  const nodes = [
    ...(accepted === undefined ? [] : [accepted]),
    ...followers.filter(isUp),
    ...followers.filter(isDown),
  ];
  return {
    ...(typeof id === 'string' && id !== '' && { id }),
    mode: typeof info === 'string' && /^sentinel_tilt:1\r?$/m.test(info) ? 'tilt' : 'normal',
    ...(accepted !== undefined && { master: accepted.endpoint }),
    nodes: nodes.map(({ endpoint }) => endpoint),
    others: elementsOf(sentinels)
      .flatMap((entry) => readEntry(entry, locate.sentinel))
      .map((other) => ({ endpoint: other.endpoint, ...(other.id !== undefined && { id: other.id }) })),
  };
}

interface Entry {
  readonly endpoint: Endpoint;
  readonly id?: string;
  readonly flags: readonly string[];
}

function readEntry(reply: Value, locate: Locate): readonly Entry[] {
  const fields = fieldsOf(reply);
  const textOf = (name: string) => String(fields.get(name) ?? '');
  const named = { host: textOf('ip').toLowerCase(), port: Number(textOf('port')) };
  const endpoint = endpointFaults(named, '').length === 0 ? locate(named) : undefined;
  const id = textOf('runid');
  return endpoint === undefined
    ? []
    : [
        {
          endpoint,
          ...(id !== '' && { id }),
          flags: textOf('flags').split(','),
        },
      ];
}

function isDown({ flags }: Entry): boolean {
  return flags.includes('s_down') || flags.includes('o_down');
}

function isUp(entry: Entry): boolean {
  return !isDown(entry);
}
