import type { Redis } from 'ioredis';
import type { SteadyScenario } from '../scenarios/steady.js';
import { quantile } from './statistics.js';

/** What one connection did in one batch. */
export interface Batch {
  readonly commandsPerSecond: number;
  /** Of one call, which in a pipeline is all of its commands. */
  readonly p99Ms: number;
  /** Of this process, user and system time; the servers have processes of their own. */
  readonly cpuSecondsPerMillion: number;
}

export type Role = 'writer' | 'reader';

/** So many commands as fast as they are answered, from as many callers as the scenario has. */
export async function runBatch(
  call: () => Promise<unknown>,
  { callers, pipeline = 1 }: SteadyScenario,
  commands: number,
): Promise<Batch> {
  let left = Math.ceil(commands / pipeline);
  const calls = left;
  const latencies: number[] = [];
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const sentAt = performance.now();
      await call();
      latencies.push(performance.now() - sentAt);
    }
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    commandsPerSecond: (calls * pipeline) / seconds,
    p99Ms: quantile(latencies, 0.99),
    // Microseconds per command are seconds per million commands.
    cpuSecondsPerMillion: (cpu.user + cpu.system) / (calls * pipeline),
  };
}

/** One call as the scenario has it: a `SET` of the writer, a `GET` of the reader, or a pipeline of them. */
export function createCall(
  redis: Redis,
  role: Role,
  { valueBytes, pipeline }: SteadyScenario,
): () => Promise<unknown> {
  const key = `bench:${valueBytes}`;
  const value = 'x'.repeat(valueBytes);
  if (pipeline === undefined) {
    return role === 'writer' ? () => redis.set(key, value) : () => redis.get(key);
  }
  return () => {
    const commands = redis.pipeline();
    for (let number = 0; number < pipeline; number += 1) {
      if (role === 'writer') commands.set(key, value);
      else commands.get(key);
    }
    return commands.exec();
  };
}
