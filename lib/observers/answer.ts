import type { NodeFault, NodeReport } from '../topology/observation.js';

/** What a node answered: a report, or why it cannot be used as a data node. */
export type Answer = { readonly kind: 'report'; readonly report: NodeReport } | Unfit;

export interface Unfit {
  readonly kind: 'unfit';
  readonly fault: NodeFault;
  readonly message: string;
}
