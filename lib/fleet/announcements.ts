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
  return isPromotion && endpoint !== undefined && promotionId !== undefined
    ? { endpoint, promotionId }
    : undefined;
}

/** Identifies the promotion of the accepted master; `undefined` while there is none. */
export function promotionIdOf({ topology, accepted }: Resolution): string | undefined {
  const master = masterOf(topology);
  return master && `${accepted?.replicationId ?? master} ${accepted?.runId ?? ''}`;
}

/** How far this app trusts announcements. `latest` is the promotion that it last received or detected. */
export type Trust =
  | { readonly kind: 'trusting'; readonly latest: string | undefined }
  /** The last announcement has not led to a master. Others are ignored until `mutedUntil`, in milliseconds of the monotonic clock. */
  | {
      readonly kind: 'doubting';
      readonly latest: string;
      readonly mutedUntil: number;
      /** How many consecutive announcements have not led to a master. */
      readonly failures: number;
    };

export const initialTrust: Trust = { kind: 'trusting', latest: undefined };

interface ReceivedAnnouncement {
  readonly promotionId: string;
  readonly at: number;
  /** The promotion of the master that this app has accepted, if any. */
  readonly known: string | undefined;
}

const FIRST_MUTE_MS = 50;
const LONGEST_MUTE_MS = 60_000;
const LONGEST_PROMOTION_ID = 200;

/**
 * Whether an announcement is worth a probe. It counts as false until a master is found, and each consecutive false one
 * doubles the time during which others are ignored, so that a flood of announcements cannot drive the probes.
 */
export function onReceived(
  trust: Trust,
  { promotionId, at, known }: ReceivedAnnouncement,
): { readonly trust: Trust; readonly isWorthProbing: boolean } {
  const isMuted = trust.kind === 'doubting' && at < trust.mutedUntil;
  if (promotionId === known || promotionId.length > LONGEST_PROMOTION_ID || isMuted) {
    return { trust, isWorthProbing: false };
  }
  const failures = trust.kind === 'doubting' ? trust.failures : 0;
  const muteMs = Math.min(FIRST_MUTE_MS * 2 ** failures, LONGEST_MUTE_MS);
  return {
    trust: { kind: 'doubting', latest: promotionId, mutedUntil: at + muteMs, failures: failures + 1 },
    isWorthProbing: true,
  };
}

/** Restores trust, because a promotion was detected. Returns whether the last announcement was of this promotion. */
export function onDetected(
  trust: Trust,
  promotionId: string,
): { readonly trust: Trust; readonly wasAnnounced: boolean } {
  return { trust: { kind: 'trusting', latest: promotionId }, wasAnnounced: trust.latest === promotionId };
}
