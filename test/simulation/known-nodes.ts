import type { Topology } from '../../lib/topology/topology.js';
import type { NodeTruth } from './history.js';

type Process = Pick<NodeTruth, 'node' | 'runId'>;
type History = Pick<NodeTruth, 'node' | 'runId' | 'id'>;

/** What the nodes have told the app of themselves and of their masters. */
export class KnownNodes {
  readonly #replicas = new Map<string, string>();
  readonly #histories = new Set<string>();
  #before: readonly NodeTruth[] = [];

  learn({ nodes }: Topology): void {
    for (const node of nodes) {
      if ('runId' in node && node.runId !== undefined && node.kind === 'replica') {
        this.#replicas.set(node.endpoint, node.runId);
      }
    }
  }

  /** What is true at this moment. A node that was asked since the last one, and is as it was then, has told it. */
  note(nodes: readonly NodeTruth[]): void {
    for (const teller of nodes.filter((node) => this.#hasTold(node))) {
      if (!teller.isForged) {
        this.#histories.add(keyOf(teller));
      }
      const master = nodes.find(({ node }) => node === teller.follows);
      if (master?.id === teller.id) {
        this.#histories.add(keyOf(master));
      }
    }
    this.#before = nodes;
  }

  #hasTold(now: NodeTruth): boolean {
    const before = this.#before.find(({ node }) => node === now.node);
    const isSame = before?.id === now.id && before.runId === now.runId && before.follows === now.follows;
    return (
      isSame &&
      before.reachable &&
      now.reachable &&
      before.isForged === now.isForged &&
      now.probes > before.probes
    );
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
