import type { Verdict } from './judge.js';
import { masterServer } from './memory.js';
import type { Observation } from './observation.js';
import type { Resolution } from './resolve-topology.js';
import type { AnsweredServer } from './servers.js';
import type { Failover } from './topology.js';

interface Change {
  readonly previous: Resolution;
  readonly verdict: Verdict;
  readonly latest: Observation | undefined;
  /** Added to a time of the monotonic clock, it gives the time since the epoch, in milliseconds. */
  readonly epochMs: number;
}

/** Grows when another node is accepted as the master. */
export function generationOf({ accepted, topology }: Resolution, server: AnsweredServer | undefined): number {
  return server === undefined || server.endpoint === accepted?.endpoint
    ? topology.generation
    : topology.generation + 1;
}

/** The failover between two resolutions, if there was one. */
export function detectFailover({ previous, verdict, latest, epochMs }: Change): Failover | undefined {
  const server = masterServer(verdict);
  const from = previous.accepted?.endpoint;
  if (server === undefined || from === undefined || server.endpoint === from || latest === undefined) {
    return undefined;
  }
  const signal = previous.lostBy ?? latest.signal;
  const replicaAt = previous.replicaAt.get(server.endpoint);
  return {
    generation: previous.topology.generation + 1,
    from,
    to: server.endpoint,
    at: Math.round(latest.at + epochMs),
    tookMs: Math.round(Math.max(0, latest.at - signal.at)),
    cause: signal.kind,
    ...(replicaAt !== undefined && { promotedWithinMs: Math.round(latest.at - replicaAt) }),
    ...('proof' in verdict && verdict.proof !== undefined && { proof: verdict.proof }),
  };
}
