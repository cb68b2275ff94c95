import type { ReadFrom } from '../../lib/topology/pick.js';
import { readPolicies } from '../../lib/topology/pick.js';
import { seededRandom } from '../topology/seeded-random.js';
import type { Rights } from './refusals.js';

/** All that is fixed for one schedule. */
export interface Settings {
  readonly seed: number;
  readonly nodes: readonly string[];
  readonly password: string | undefined;
  readonly rights: Rights;
  readonly wording: 'Redis 6' | 'Redis 7';
  readonly closesOnReplicaWrite: boolean;
  /** One way, between the app and a node. */
  readonly latencyMs: number;
  /** How long the system of the app tries to get bytes across. */
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
  /** One failover and nothing else, not even commands: only what servers push tells of it in time. */
  readonly isQuiet: boolean;
  /** How many callers issue commands, one after the other each. */
  readonly workers: number;
  /** How long one waits after a command, on average. */
  readonly restMs: number;
  readonly ending: 'after recovery' | 'amid trouble';
}

/** What a seed stands for, the faults apart. */
export function settingsFor(seed: number): Settings {
  const { oneOf, chance, below } = seededRandom(seed);
  const isQuiet = chance(0.1);
  return {
    seed,
    nodes: NODES.slice(0, oneOf([2, 2, 3, 3, 4])),
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
    pollIntervalMs: isQuiet ? 2500 : oneOf([200, 500, 1000, 2500]),
    replyTimeoutMs: oneOf([60, 120, 250]),
    shutdownTimeoutMs: oneOf([0, 500, 2000]),
    resend: oneOf(['reads', 'reads', 'reads', 'idempotent']),
    requireMajority: chance(0.15),
    isQuiet,
    workers: isQuiet || chance(0.05) ? 0 : 1 + below(5),
    restMs: oneOf([60, 150, 400]),
    ending: chance(0.15) ? 'amid trouble' : 'after recovery',
  };
}

const NODES = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379', '10.0.0.4:6379'];

export interface Bounds {
  /** From the moment on which a master can be proven to the moment at which the writer is ready on it. */
  readonly recoveryMs: number;
  /** The same where nothing else is wrong and the change is pushed. */
  readonly promptMs: number;
  /** From the moment on which a master is provably stale to the last command that may be written to it. */
  readonly staleMs: number;
  readonly closeMs: number;
}

/** The bounds that the library owes under these settings. */
export function boundsFor(settings: Settings): Bounds {
  const { pollIntervalMs, replyTimeoutMs, connectTimeoutMs, shutdownTimeoutMs, latencyMs } = settings;
  const lookMs = 1.1 * pollIntervalMs + 4 * replyTimeoutMs + replyTimeoutMs + 10 * latencyMs;
  return {
    // A look, a handshake that hangs, and the longest pauses of distrust (1 s) and of ioredis (2 s).
    recoveryMs: 2 * lookMs + connectTimeoutMs + 1000 + 2000,
    promptMs: 150 + 30 * latencyMs,
    staleMs: lookMs + 50,
    // Replies under way, then two seconds for a node that does not close its side.
    closeMs: shutdownTimeoutMs + 2000 + 100,
  };
}
