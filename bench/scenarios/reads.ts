import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

/** One way in which replicas go away under a reader. */
export interface ReadScenario {
  readonly name: string;
  readonly note: string;
  readonly limitMs: number;
  /** Which of the replicas are killed, given the one that the reader uses. */
  readonly victims: (used: RedisServer, replicas: readonly RedisServer[]) => readonly RedisServer[];
}

export const readScenarios: readonly ReadScenario[] = [
  {
    name: 'reads, one of two replicas killed',
    note: 'the one that the reader uses; from the kill to the first read that another node answered',
    limitMs: 5000,
    victims: (used) => [used],
  },
  {
    name: 'reads, both replicas killed',
    note: 'from the kill to the first read that the master answered',
    limitMs: 5000,
    victims: (_used, replicas) => replicas,
  },
];
