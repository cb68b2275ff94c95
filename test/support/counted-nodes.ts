import { staticNodes, type NodeSource } from 'nestjs-redis-replication';
import { until } from '../../lib/testing/servers/until.js';

export interface CountedNodes {
  readonly source: NodeSource;
  /** Waits until this node has been probed that many times more. */
  whenProbed(endpoint: string, times: number): Promise<void>;
}

/** `staticNodes` that counts the probes of each node, so a test can wait until several polls have changed nothing. */
export function countNodes(endpoints: readonly string[]): CountedNodes {
  const probes = new Map<string, number>();
  const nodes = staticNodes(endpoints);
  return {
    source: (context) => {
      context.observations$.subscribe(({ endpoint: { host, port } }) => {
        const name = `${host}:${port}`;
        probes.set(name, (probes.get(name) ?? 0) + 1);
      });
      return nodes(context);
    },
    async whenProbed(endpoint, times) {
      const goal = (probes.get(endpoint) ?? 0) + times;
      await until(`${endpoint} was probed`, () => (probes.get(endpoint) ?? 0) >= goal);
    },
  };
}
