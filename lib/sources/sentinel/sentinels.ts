import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import type { Listing } from './listing.js';

/** One Sentinel and what it said last. */
export interface Sentinel {
  readonly endpoint: Endpoint;
  /** Those that the user named are never forgotten. */
  readonly origin: 'named' | 'learned';
  readonly word: Word;
}

export type Word =
  | { readonly kind: 'awaited' }
  | { readonly kind: 'listing'; readonly listing: Listing }
  | { readonly kind: 'failing'; readonly reason: string };

/** By `host:port`, those that the user named first. */
export type Sentinels = ReadonlyMap<string, Sentinel>;

/** More than any group has. It bounds connections and memory, whatever a Sentinel lists. */
export const MAX_SENTINELS = 32;

export function firstSentinels(named: readonly Endpoint[]): Sentinels {
  return new Map(
    named.map((endpoint) => [
      formatEndpoint(endpoint),
      { endpoint, origin: 'named', word: { kind: 'awaited' } },
    ]),
  );
}

/** What is known after a Sentinel has spoken, or could not be asked. */
export function hear(sentinels: Sentinels, endpoint: Endpoint, word: Word): Sentinels {
  const name = formatEndpoint(endpoint);
  const speaker = sentinels.get(name);
  return speaker === undefined ? sentinels : relearn(new Map(sentinels).set(name, { ...speaker, word }));
}

/** The listings of all Sentinels that answer, each Sentinel once. */
export function listingsOf(sentinels: Sentinels): readonly Listing[] {
  const known = new Map<string, Listing>();
  for (const [name, { word }] of sentinels) {
    if (word.kind === 'listing' && !known.has(word.listing.id ?? name)) {
      known.set(word.listing.id ?? name, word.listing);
    }
  }
  return [...known.values()];
}

/**
 * Adds what the Sentinels list, and forgets what none of them lists and what does not answer either. While none answers,
 * nothing is forgotten.
 */
function relearn(sentinels: Sentinels): Sentinels {
  const listings = listingsOf(sentinels);
  if (listings.length === 0) {
    return sentinels;
  }
  const owners = ownersOf(sentinels);
  const isSecondName = (name: string, id: string | undefined) =>
    id !== undefined && owners.has(id) && owners.get(id) !== name;
  const listed = new Map(
    listings
      .flatMap(({ others }) => others)
      .map((other) => [formatEndpoint(other.endpoint), other] as const)
      .filter(([name, { id }]) => !isSecondName(name, id)),
  );
  const kept = [...sentinels].filter(
    ([name, { origin, word }]) =>
      origin === 'named' ||
      listed.has(name) ||
      (word.kind === 'listing' && !isSecondName(name, word.listing.id)),
  );
  const names = new Set(kept.map(([name]) => name));
  const added = [...listed]
    .filter(([name]) => !names.has(name))
    .map(([name, { endpoint }]): [string, Sentinel] => [
      name,
      { endpoint, origin: 'learned', word: { kind: 'awaited' } },
    ]);
  return new Map([...kept, ...added.slice(0, Math.max(0, MAX_SENTINELS - kept.length))]);
}

/** Under which address each Sentinel is asked: the first under which it has told its id. */
function ownersOf(sentinels: Sentinels): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [name, { word }] of sentinels) {
    const id = word.kind === 'listing' ? word.listing.id : undefined;
    if (id !== undefined && !owners.has(id)) {
      owners.set(id, name);
    }
  }
  return owners;
}
