import type { Topology } from '../../lib/topology/topology.js';
import type { NodeTruth } from './history.js';

type Process = Pick<NodeTruth, 'node' | 'runId'>;

/** What the nodes have told the app of themselves. */
export class KnownNodes {
  readonly #replicas = new Map<string, string>();
  readonly #trusted = new Set<string>();

  learn({ nodes }: Topology): void {
    for (const node of nodes) {
      if (!('runId' in node) || node.runId === undefined) {
        continue;
      }
      if (node.kind === 'replica') {
        this.#replicas.set(node.endpoint, node.runId);
      }
      if (node.untrusted !== true) {
        this.#trusted.add(keyOf({ node: node.endpoint, runId: node.runId }));
      }
    }
  }

  /** A restart would have changed the run id. */
  isPromoted({ node, runId }: Process): boolean {
    return (this.#replicas.get(node) ?? runId) === runId;
  }

  /** M21: whether it has ever told its history in an answer that could be trusted. If not, nothing can be proven against it. */
  hasHistory(process: Process): boolean {
    return this.#trusted.has(keyOf(process));
  }
}

function keyOf({ node, runId }: Process): string {
  return `${node} ${runId}`;
}
