import { monotonicMs } from '../clock/clock.js';
import { blockedBy } from '../connections/blocking-command.js';
import { FollowingRedis } from '../connections/following-redis.js';
import { NotAppliedError } from '../connections/outcomes/errors.js';
import type { Cluster, Redis } from 'ioredis';
import type { WriteProbe } from './judge-health.js';

interface ProbeOptions {
  readonly key: string;
  readonly limitMs: number;
  /** Makes observers probe all nodes now. */
  readonly probeNodes: () => void;
  /** Whether the master has answered an observer since the attempt began. */
  readonly isAnswering: () => boolean;
}

/**
 * Tries to write on the connection of the writer without changing anything: `SETRANGE key 0 ""` is refused whenever a
 * real write would be, and changes no key, whatever is in it. Takes at most `limitMs` and never throws.
 */
export async function probeWrite(
  writer: Redis | Cluster,
  { key, limitMs, probeNodes, isAnswering }: ProbeOptions,
): Promise<WriteProbe> {
  if (writer.status === 'end') {
    return { kind: 'closed' };
  }
  const startedAt = monotonicMs();
  const latencyMs = () => Math.round((monotonicMs() - startedAt) * 100) / 100;
  let timer: NodeJS.Timeout | undefined;
  // Shows before the limit whether the whole node is silent or only the write.
  const probeTimer = setTimeout(probeNodes, limitMs / 2);
  const limit = new Promise<WriteProbe>((resolve) => {
    timer = setTimeout(() => {
      const blocking = isFollowing(writer) ? blockedBy(writer) : undefined;
      resolve({ kind: 'silent', limitMs, isAnswering: isAnswering(), blockedBy: blocking });
    }, limitMs);
  });
  const written = write(writer, key).then(
    (): WriteProbe => ({ kind: 'written', latencyMs: latencyMs() }),
    (error: unknown): WriteProbe => explainError(error, latencyMs()),
  );
  try {
    return await Promise.race([written, limit]);
  } finally {
    clearTimeout(timer);
    clearTimeout(probeTimer);
  }
}

async function write(writer: Redis | Cluster, key: string): Promise<void> {
  // A test may have replaced the writer with a plain ioredis connection.
  await (isFollowing(writer) ? writer.probeWrite(key) : writer.setrange(key, 0, ''));
}

function isFollowing(writer: object): writer is FollowingRedis {
  return 'probeWrite' in writer;
}

function explainError(error: unknown, latencyMs: number): WriteProbe {
  if (error instanceof NotAppliedError) {
    return { kind: 'held', reason: error.reason, node: error.node };
  }
  return { kind: 'refused', latencyMs, message: error instanceof Error ? error.message : String(error) };
}
