import { staticNodes, type NodeSource } from 'nestjs-redis-replication';
import { until } from './until.js';

export interface CountedNodes {
  readonly source: NodeSource;
  /** Waits until this node was looked at so many times more. */
  whenLookedAt(endpoint: string, times: number): Promise<void>;
}

/** `staticNodes` that counts the looks at each node: how to wait until several polls have changed nothing. */
export function countNodes(endpoints: readonly string[]): CountedNodes {
  const looks = new Map<string, number>();
  const nodes = staticNodes(endpoints);
  return {
    source: (context) => {
      context.observations$.subscribe(({ endpoint: { host, port } }) => {
        const name = `${host}:${port}`;
        looks.set(name, (looks.get(name) ?? 0) + 1);
      });
      return nodes(context);
    },
    async whenLookedAt(endpoint, times) {
      const goal = (looks.get(endpoint) ?? 0) + times;
      await until(`${endpoint} was looked at`, () => (looks.get(endpoint) ?? 0) >= goal);
    },
  };
}
