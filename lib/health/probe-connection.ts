import { monotonicMs } from '../clock/clock.js';
import { blockedBy } from '../connections/blocking-command.js';
import { FollowingRedis } from '../connections/following-redis.js';
import { createReadProbe, createWriteProbe, whenAccepted } from '../connections/ioredis/probes.js';
import type { NodeFailure } from '../connections/line/node-failures.js';
import { NotAppliedError } from '../connections/outcomes/errors.js';
import type { Cluster, Redis } from 'ioredis';

/** The result of an attempt to use a connection. */
export type ConnectionProbe =
  | { readonly kind: 'accepted'; readonly latencyMs: number }
  | { readonly kind: 'refused'; readonly latencyMs: number; readonly message: string }
  /** If `node` is set, the connection to it is kept, because the node may answer again. */
  | { readonly kind: 'held'; readonly reason: string; readonly node?: string | undefined }
  /** `isAnswering`: the node has answered an observer meanwhile. `blockedBy`: the blocking command before the attempt. */
  | {
      readonly kind: 'silent';
      readonly limitMs: number;
      readonly isAnswering: boolean;
      readonly blockedBy?: string | undefined;
    }
  | { readonly kind: 'closed' };

export interface ProbeOptions {
  readonly key: string;
  readonly limitMs: number;
  /** Makes observers probe all nodes now. */
  readonly probeNodes: () => void;
  /** Whether the node has answered an observer since the attempt began. */
  readonly isAnswering: () => boolean;
}

/**
 * Tries to write on the connection of the writer without changing anything: `SETRANGE key 0 ""` is refused whenever a
 * real write would be, and changes no key, whatever is in it. Takes at most `limitMs` and never throws.
 */
export function probeWrite(writer: Redis | Cluster, options: ProbeOptions): Promise<ConnectionProbe> {
  // A test may have replaced the writer with a plain ioredis connection.
  return probe(writer, options, async (key) =>
    isFollowing(writer)
      ? whenAccepted(writer.issueNow(createWriteProbe(key, writer.options.keyPrefix)))
      : writer.setrange(key, 0, ''),
  );
}

/** Tries to read on the connection of the reader: `EXISTS key`. Takes at most `limitMs` and never throws. */
export function probeRead(reader: Redis | Cluster, options: ProbeOptions): Promise<ConnectionProbe> {
  return probe(reader, options, async (key) =>
    isFollowing(reader)
      ? reader.issueNow(createReadProbe(key, reader.options.keyPrefix))
      : reader.exists(key),
  );
}

/** The node that a connection uses, if it tells. */
export function nodeOf(connection: object): string | undefined {
  return isFollowing(connection) ? connection.node : undefined;
}

/** The last failure of a connection, if it tells and there was one. */
export function failureOf(connection: object): NodeFailure | undefined {
  return isFollowing(connection) ? connection.failures.latest : undefined;
}

async function probe(
  connection: Redis | Cluster,
  { key, limitMs, probeNodes, isAnswering }: ProbeOptions,
  issue: (key: string) => Promise<unknown>,
): Promise<ConnectionProbe> {
  if (connection.status === 'end') {
    return { kind: 'closed' };
  }
  const startedAt = monotonicMs();
  const latencyMs = () => Math.round((monotonicMs() - startedAt) * 100) / 100;
  let timer: NodeJS.Timeout | undefined;
  // Shows before the limit whether the whole node is silent or only this connection.
  const probeTimer = setTimeout(probeNodes, limitMs / 2);
  const limit = new Promise<ConnectionProbe>((resolve) => {
    timer = setTimeout(() => {
      const blocking = isFollowing(connection) ? blockedBy(connection) : undefined;
      resolve({ kind: 'silent', limitMs, isAnswering: isAnswering(), blockedBy: blocking });
    }, limitMs);
  });
  const accepted = issue(key).then(
    (): ConnectionProbe => ({ kind: 'accepted', latencyMs: latencyMs() }),
    (error: unknown): ConnectionProbe => explainError(error, latencyMs()),
  );
  try {
    return await Promise.race([accepted, limit]);
  } finally {
    clearTimeout(timer);
    clearTimeout(probeTimer);
  }
}

function isFollowing(connection: object): connection is FollowingRedis {
  return 'issueNow' in connection;
}

function explainError(error: unknown, latencyMs: number): ConnectionProbe {
  if (error instanceof NotAppliedError) {
    return { kind: 'held', reason: error.reason, node: error.node };
  }
  return { kind: 'refused', latencyMs, message: error instanceof Error ? error.message : String(error) };
}
