import { FollowingRedis } from '../connections/following-redis.js';
import { NotAppliedError } from '../connections/outcomes/errors.js';
import type { Redis } from 'ioredis';
import type { WriteProbe } from './judge-health.js';

interface ProbeOptions {
  readonly key: string;
  readonly limitMs: number;
  /** Has observers look at the nodes now. */
  readonly probe: () => void;
  /** Whether the master has answered observers since the attempt began. */
  readonly isAnswering: () => boolean;
}

/**
 * Tries to write on the writer's own connection, without changing anything: `SET key 1 XX` on a key that never exists
 * meets every refusal a real write meets. Bounded, and never throws.
 */
export async function probeWrite(
  writer: Redis,
  { key, limitMs, probe: look, isAnswering }: ProbeOptions,
): Promise<WriteProbe> {
  if (writer.status === 'end') {
    return { kind: 'closed' };
  }
  const startedAt = performance.now();
  const latencyMs = () => Math.round((performance.now() - startedAt) * 100) / 100;
  let timer: NodeJS.Timeout | undefined;
  // So that it is known in time whether the node is silent, or only the write.
  const doubt = setTimeout(look, limitMs / 2);
  const limit = new Promise<WriteProbe>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'silent', limitMs, isAnswering: isAnswering() }), limitMs);
  });
  const written = write(writer, key).then(
    (): WriteProbe => ({ kind: 'written', latencyMs: latencyMs() }),
    (error: unknown): WriteProbe => explainError(error, latencyMs()),
  );
  try {
    return await Promise.race([written, limit]);
  } finally {
    clearTimeout(timer);
    clearTimeout(doubt);
  }
}

async function write(writer: Redis, key: string): Promise<void> {
  // A test may have put a plain ioredis in the writer's place.
  await (isFollowing(writer) ? writer.probeWrite(key) : writer.set(key, '1', 'XX'));
}

function isFollowing(writer: Redis): writer is FollowingRedis {
  return 'probeWrite' in writer;
}

function explainError(error: unknown, latencyMs: number): WriteProbe {
  if (error instanceof NotAppliedError) {
    return { kind: 'held', reason: error.reason, node: error.node };
  }
  return { kind: 'refused', latencyMs, message: error instanceof Error ? error.message : String(error) };
}
