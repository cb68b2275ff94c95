import type { Resolution } from '../topology/resolve-topology.js';
import { masterOf } from '../topology/topology.js';

/** What an app has found and tells those who watch the same node: they look, and believe the node only. */
export interface Announcement {
  /** The node on which it is told. */
  readonly endpoint: string;
  /** Tells one promotion from another; it names nobody. */
  readonly news: string;
}

/** What is worth telling others of the step from one resolution to the next: that a node was promoted. */
export function announcementOf(before: Resolution, after: Resolution): Announcement | undefined {
  const [endpoint, news] = [masterOf(after.topology), newsIn(after)];
  const isPromotion = before.accepted !== undefined && after.topology.generation > before.topology.generation;
  return isPromotion && endpoint !== undefined && news !== undefined ? { endpoint, news } : undefined;
}

/** What names the accepted master and its accession, while there is one. */
export function newsIn({ topology, accepted }: Resolution): string | undefined {
  const master = masterOf(topology);
  return master && `${accepted?.replicationId ?? master} ${accepted?.runId ?? ''}`;
}

/** What an app thinks of announcements; `latest` is the news that was heard or found last. */
export type Hearing =
  | { readonly kind: 'trusting'; readonly latest: string | undefined }
  /** There was nothing to be found where it looked: nothing is heeded `until` then, in milliseconds since the epoch. */
  | {
      readonly kind: 'wary';
      readonly latest: string;
      readonly until: number;
      /** How often in a row. */
      readonly times: number;
    };

export const nothingHeard: Hearing = { kind: 'trusting', latest: undefined };

interface Heard {
  readonly news: string;
  readonly at: number;
  /** What the app knows already, if there is a master. */
  readonly known: string | undefined;
}

const FIRST_QUIET_MS = 50;
const LONGEST_QUIET_MS = 60_000;
const LONGEST_NEWS = 200;

/** Whether an announcement is worth a look. It counts as vain until a master is found; each makes deaf for twice as long. */
export function onHeard(
  hearing: Hearing,
  { news, at, known }: Heard,
): { readonly hearing: Hearing; readonly isHeeded: boolean } {
  const isDeaf = hearing.kind === 'wary' && at < hearing.until;
  if (news === known || news.length > LONGEST_NEWS || isDeaf) {
    return { hearing, isHeeded: false };
  }
  const times = hearing.kind === 'wary' ? hearing.times : 0;
  const quietMs = Math.min(FIRST_QUIET_MS * 2 ** times, LONGEST_QUIET_MS);
  return { hearing: { kind: 'wary', latest: news, until: at + quietMs, times: times + 1 }, isHeeded: true };
}

/** A master was found, so that what was heard was not in vain. Whether others have told of it before. */
export function onFound(
  hearing: Hearing,
  news: string,
): { readonly hearing: Hearing; readonly isTold: boolean } {
  return { hearing: { kind: 'trusting', latest: news }, isTold: hearing.latest === news };
}
