import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import type { Listing } from './listing.js';
import { listingsOf, type Sentinels } from './sentinels.js';

/** What follows from what all Sentinels say. */
export interface Conclusion {
  /** Empty until enough Sentinels have answered. */
  readonly nodes: readonly Endpoint[];
  /** The master that more than half of the Sentinels named last, as `host:port`. */
  readonly intended?: string;
  /** How many nodes were left out, because more are listed than a group may have. */
  readonly excess: number;
}

export const nothingConcluded: Conclusion = { nodes: [], excess: 0 };

/** More than any group has. It bounds connections and memory, whatever a Sentinel lists. */
export const MAX_NODES = 32;

interface Circumstances {
  readonly before: Conclusion;
  /** Whether a node that is not listed belongs to the group of those that are. */
  readonly belongs: (node: string, listed: readonly string[]) => boolean;
}

/**
 * A node comes if more than half of the Sentinels that answer list it, and stays while half of them do, so that one that
 * errs or lies adds and removes none. While none answers, the last conclusion stands.
 */
export function conclude(sentinels: Sentinels, { before, belongs }: Circumstances): Conclusion {
  const listings = listingsOf(sentinels);
  const earlier = new Set(before.nodes.map(formatEndpoint));
  if (listings.length === 0 || (earlier.size === 0 && !isHeard(sentinels, listings))) {
    return before;
  }
  const listed = chooseListed(listings, earlier);
  const names = listed.map(formatEndpoint);
  const kept = before.nodes.filter((node) => {
    const name = formatEndpoint(node);
    return !names.includes(name) && belongs(name, names);
  });
  const all = [...listed, ...kept];
  const intended = masterByMajority(listings, countKnown(sentinels, listings)) ?? before.intended;
  return {
    nodes: all.slice(0, MAX_NODES),
    excess: Math.max(0, all.length - MAX_NODES),
    ...(intended !== undefined && { intended }),
  };
}

/** The first list waits for the majority, because the first Sentinel to answer may be the one that errs; see M6. */
function isHeard(sentinels: Sentinels, listings: readonly Listing[]): boolean {
  const isAwaited = [...sentinels.values()].some(({ word }) => word.kind === 'awaited');
  return !isAwaited || isMajority(listings.length, countKnown(sentinels, listings));
}

/**
 * How many Sentinels there are: as many as the user names, or as those that answer and those that they list, if these are
 * more. One that has forgotten the others is no majority, and those that were replaced are not counted for ever.
 */
function countKnown(sentinels: Sentinels, listings: readonly Listing[]): number {
  const named = [...sentinels.values()].filter(({ origin }) => origin === 'named').length;
  const ids = new Set(listings.map(({ id }, index) => id ?? `answering ${index}`));
  listings
    .flatMap(({ others }) => others)
    .forEach(({ id, endpoint }) => ids.add(id ?? formatEndpoint(endpoint)));
  return Math.max(named, ids.size);
}

function chooseListed(listings: readonly Listing[], earlier: ReadonlySet<string>): readonly Endpoint[] {
  const votes = countVotes(listings);
  const half = listings.length / 2;
  const chosen = votes.filter(({ name, count }) => count > half || (count === half && earlier.has(name)));
  // Where Sentinels agree on nothing from the start, what the nodes say decides.
  const used = chosen.length === 0 ? votes.filter(({ count }) => count >= half) : chosen;
  return used.map(({ endpoint }) => endpoint);
}

interface Votes {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly count: number;
}

function countVotes(listings: readonly Listing[]): readonly Votes[] {
  const votes = new Map<string, Votes>();
  for (const { nodes } of listings) {
    const own = new Map(nodes.map((node) => [formatEndpoint(node), node]));
    for (const [name, endpoint] of own) {
      votes.set(name, { name, endpoint, count: (votes.get(name)?.count ?? 0) + 1 });
    }
  }
  return [...votes.values()];
}

/** One in TILT mode has no vote. */
function masterByMajority(listings: readonly Listing[], known: number): string | undefined {
  const votes = listings
    .filter(({ mode }) => mode === 'normal')
    .flatMap(({ master }) => (master === undefined ? [] : [formatEndpoint(master)]));
  return votes.find((name) => isMajority(votes.filter((vote) => vote === name).length, known));
}

function isMajority(count: number, known: number): boolean {
  return 2 * count > known;
}
