import type { ReadFrom } from '../../lib/topology/pick.js';
import { readPolicies } from '../../lib/topology/pick.js';
import { seededRandom } from '../topology/seeded-random.js';
import type { Rights } from './refusals.js';

/** The fixed settings of one schedule. */
export interface Settings {
  readonly seed: number;
  /** What the app lists: the address of each server, or names that lead to some of them. */
  readonly nodes: readonly string[];
  /** The address of each server. */
  readonly servers: readonly string[];
  readonly password: string | undefined;
  readonly rights: Rights;
  readonly wording: 'Redis 6' | 'Redis 7';
  readonly closesOnReplicaWrite: boolean;
  /** One way, between the app and a node. */
  readonly latencyMs: number;
  /** How long the app's operating system retransmits before it closes a connection. */
  readonly giveUpMs: number;
  readonly protocol: 2 | 3;
  readonly commandTimeoutMs: number | undefined;
  readonly autoPipelining: boolean;
  readonly connectTimeoutMs: number;
  readonly hold: { readonly timeoutMs: number; readonly maxCommands: number };
  readonly readFrom: ReadFrom;
  readonly pollIntervalMs: number;
  readonly replyTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly resend: 'reads' | 'idempotent';
  readonly requireMajority: boolean;
  /** The option `unproven.acceptAfterMs`. */
  readonly acceptAfterMs: number | false;
  readonly story: Story;
  /** Number of callers, each of which issues one command after the other. */
  readonly workers: number;
  /** Average pause of a caller after a command. */
  readonly restMs: number;
  readonly ending: 'after recovery' | 'amid trouble';
}

/**
 * - `faults`: a few random faults.
 * - `quiet`: one failover without other faults or commands, so that only pushes of the servers reveal it in time.
 * - `loss`: a node is lost for good or out of sight, and what it proved is all that the app can know.
 * - `names`: the app lists names, which are pointed at other servers while connections stay open.
 */
export type Story = 'faults' | 'quiet' | 'loss' | 'names';

/** Derives the settings from the seed; the faults are drawn later. */
export function settingsFor(seed: number): Settings {
  const { oneOf, chance, below } = seededRandom(seed);
  const story = oneOf(STORIES);
  const isQuiet = story === 'quiet';
  const servers = SERVERS.slice(0, oneOf(story === 'loss' ? [2, 3, 3, 4] : [2, 2, 3, 3, 4]));
  return {
    seed,
    story,
    servers,
    nodes: story === 'names' ? NAMES.slice(0, oneOf([1, 2])) : servers,
    password: chance(0.2) ? 'secret' : undefined,
    rights: oneOf(['all', 'all', 'all', 'all', 'no INFO', 'no XREAD']),
    wording: oneOf(['Redis 7', 'Redis 7', 'Redis 6']),
    closesOnReplicaWrite: chance(0.15),
    latencyMs: oneOf([0.5, 2, 5, 10]),
    giveUpMs: oneOf([1500, 60_000]),
    protocol: oneOf([2, 2, 3]),
    commandTimeoutMs: chance(0.3) ? oneOf([50, 200, 1000]) : undefined,
    autoPipelining: chance(0.2),
    connectTimeoutMs: oneOf([300, 1000, 2000]),
    hold: { timeoutMs: oneOf([200, 1000, 3000, 10_000]), maxCommands: oneOf([0, 3, 10_000, 10_000]) },
    readFrom: oneOf([...readPolicies]),
    pollIntervalMs: isQuiet ? 2500 : oneOf(story === 'loss' ? [200, 500] : [200, 500, 1000, 2500]),
    replyTimeoutMs: oneOf([60, 120, 250]),
    shutdownTimeoutMs: oneOf([0, 500, 2000]),
    resend: oneOf(['reads', 'reads', 'reads', 'idempotent']),
    requireMajority: story !== 'names' && chance(0.15),
    // A single name that leads back to an old master has nobody to agree with: only time can end that.
    acceptAfterMs: chance(0.1) && story !== 'names' ? false : oneOf([2000, 2500, 3000]),
    workers: isQuiet || chance(0.05) ? 0 : 1 + below(5),
    restMs: oneOf([60, 150, 400]),
    ending: chance(0.15) ? 'amid trouble' : 'after recovery',
  };
}

/** A story is as likely as it is often in the list. */
const STORIES: readonly [Story, ...Story[]] = [
  'names',
  'names',
  ...Array<Story>(2).fill('quiet'),
  ...Array<Story>(5).fill('loss'),
  ...Array<Story>(11).fill('faults'),
];

/** The first leads to the master, the second, if listed, to a replica. */
const NAMES = ['primary.test:6379', 'replica.test:6379'];

const SERVERS = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379', '10.0.0.4:6379'];

/** A connection that is closed is made anew within this time. */
export const RECONNECT_MS = 1000;

export interface Bounds {
  /** From the moment a master is provable until the writer is ready on it. */
  readonly recoveryMs: number;
  /** The same if the change is pushed and nothing else is wrong. */
  readonly promptMs: number;
  /** From the moment a master is provably stale until the last command that may be written to it. */
  readonly staleMs: number;
  readonly closeMs: number;
}

/** The bounds that the library must keep with these settings. */
export function boundsFor(settings: Settings): Bounds {
  const { pollIntervalMs, replyTimeoutMs, connectTimeoutMs, shutdownTimeoutMs, latencyMs } = settings;
  // Where a name leads is found out once a second.
  const redialMs = settings.story === 'names' ? 1000 + 4 * replyTimeoutMs : 0;
  const probeMs = 1.1 * pollIntervalMs + 4 * replyTimeoutMs + replyTimeoutMs + 10 * latencyMs;
  return {
    // Two probes, a handshake that hangs, and the longest backoff of a node (1 s) and of ioredis (2 s).
    recoveryMs: 2 * probeMs + connectTimeoutMs + 1000 + 2000 + redialMs,
    promptMs: 150 + 30 * latencyMs,
    staleMs: probeMs + 50,
    // After the replies under way, two seconds are left for a node that does not close its side.
    closeMs: shutdownTimeoutMs + 2000 + 100,
  };
}

/** From the moment the group is healed until the writer is ready. What a dead node proved is outweighed by time only. */
export function recoveryMsOf(settings: Settings, nodes: readonly { readonly isGone: boolean }[]): number {
  const isAnyGone = nodes.some(({ isGone }) => isGone);
  return boundsFor(settings).recoveryMs + (isAnyGone ? settings.acceptAfterMs || 0 : 0);
}
