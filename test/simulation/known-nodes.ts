import type { Topology } from '../../lib/topology/topology.js';
import type { NodeTruth } from './history.js';

type Process = Pick<NodeTruth, 'node' | 'runId'>;
type History = Pick<NodeTruth, 'node' | 'runId' | 'id'>;

/** What the nodes have told the app of themselves. */
export class KnownNodes {
  readonly #replicas = new Map<string, string>();
  readonly #histories = new Set<string>();
  #truth: readonly NodeTruth[] = [];

  /** What is true at this moment. */
  note(nodes: readonly NodeTruth[]): void {
    this.#truth = nodes;
  }

  /** What the app has found out, shortly after it was true. */
  learn({ nodes }: Topology): void {
    for (const node of nodes) {
      if (!('runId' in node) || node.runId === undefined) {
        continue;
      }
      if (node.kind === 'replica') {
        this.#replicas.set(node.endpoint, node.runId);
      }
      if (node.untrusted !== true) {
        this.#learnHistory(node.endpoint, node.runId);
      }
    }
  }

  #learnHistory(endpoint: string, runId: string): void {
    const teller = this.#truth.find(({ node }) => node === endpoint);
    const master = this.#truth.find(({ node }) => node === teller?.follows);
    for (const process of [teller?.runId === runId ? teller : undefined, master]) {
      if (process !== undefined && process.id === teller?.id) {
        this.#histories.add(keyOf(process));
      }
    }
  }

  /** A restart would have changed the run id. */
  isPromoted({ node, runId }: Process): boolean {
    return (this.#replicas.get(node) ?? runId) === runId;
  }

  /**
   * M21: whether it has ever told the history that it is on in an answer that could be trusted, or a replica has told of it.
   * If not, nothing can be proven against it.
   */
  hasHistory(process: History): boolean {
    return this.#histories.has(keyOf(process));
  }
}

function keyOf({ node, runId, id }: History): string {
  return `${node} ${runId} ${id}`;
}
