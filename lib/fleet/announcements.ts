import type { Resolution } from '../topology/resolve-topology.js';
import { masterOf } from '../topology/topology.js';

/** What an app publishes for the others that watch the same node. They probe that node, and trust only its reply. */
export interface Announcement {
  /** The node on which it is published. */
  readonly endpoint: string;
  /** Identifies the promotion. It names no node. */
  readonly promotionId: string;
}

/** The announcement that a change of resolution calls for: a node was promoted. */
export function announcementOf(before: Resolution, after: Resolution): Announcement | undefined {
  const [endpoint, promotionId] = [masterOf(after.topology), promotionIdOf(after)];
  const isPromotion = before.accepted !== undefined && after.topology.generation > before.topology.generation;
  return isPromotion && endpoint !== undefined && promotionId !== undefined && isShortEnough(promotionId)
    ? { endpoint, promotionId }
    : undefined;
}

/** Identifies the promotion of the accepted master; `undefined` while there is none. */
export function promotionIdOf({ topology, accepted }: Resolution): string | undefined {
  const master = masterOf(topology);
  return master && `${accepted?.replicationId ?? master} ${accepted?.runId ?? ''}`;
}

/** Servers use 40 characters for each of the two ids that a promotion has. */
const LONGEST_PROMOTION_ID = 200;
const LONGEST_MESSAGE = 300;

function isShortEnough(promotionId: string): boolean {
  return promotionId.length <= LONGEST_PROMOTION_ID;
}

/** The message that announces a promotion on a server with this run id. */
export function writeMessage(server: string, promotionId: string): string {
  return `${server} ${promotionId}`;
}

/**
 * The promotion that a message announces on the server with this run id. `undefined` if it was published on another
 * server, because a master passes its messages on to replicas, or if it is longer than any announcement. The length is
 * measured before anything else is done with the message: whoever may publish chooses what it is.
 */
export function readMessage(server: string, message: string): string | undefined {
  return message.length <= LONGEST_MESSAGE && message.startsWith(`${server} `)
    ? message.slice(server.length + 1)
    : undefined;
}

/** The announcements that this app has received or made, the latest last. */
export type Heard = readonly string[];

export const nothingHeard: Heard = [];

/** A server that passes more announcements to a fleet than this between two of its probes does nothing else. */
export const REMEMBERED = 256;

/**
 * Whether an announcement is news, and so worth a probe of its node. Each is news once: either the probe finds the
 * promotion, or the announcement is false and stays ignored. It is remembered with its node, so that nobody can spoil a
 * true announcement by repeating it on another node.
 */
export function onReceived(
  heard: Heard,
  announcement: Announcement,
  known: string | undefined,
): { readonly heard: Heard; readonly isNews: boolean } {
  const { promotionId } = announcement;
  const name = nameOf(announcement);
  if (promotionId === known || !isShortEnough(promotionId) || heard.includes(name)) {
    return { heard, isNews: false };
  }
  return { heard: [...heard.slice(1 - REMEMBERED), name], isNews: true };
}

/** Forgets the announcements of earlier promotions. Returns whether the one that was detected had been announced. */
export function onDetected(
  heard: Heard,
  announcement: Announcement,
): { readonly heard: Heard; readonly wasAnnounced: boolean } {
  const name = nameOf(announcement);
  return { heard: [name], wasAnnounced: heard.includes(name) };
}

function nameOf({ endpoint, promotionId }: Announcement): string {
  return `${endpoint} ${promotionId}`;
}
