import type { SourceNode } from '../sources/node-source.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';

/** What the source knows of its nodes, apart from where they are. Each is a set of endpoints. */
export interface ListedFacts {
  readonly intended: ReadonlySet<string>;
  readonly derived: ReadonlySet<string>;
  /** Those that are sent the credentials only after they were asked without. */
  readonly unvetted: ReadonlySet<string>;
  /** The availability zones of endpoints. */
  readonly zones: ReadonlyMap<string, string>;
}

export function factsOf(nodes: readonly SourceNode[]): ListedFacts {
  const those = (fits: (node: SourceNode) => boolean) => new Set(nodes.filter(fits).map(formatEndpoint));
  return {
    intended: those(({ intended }) => intended === 'master'),
    derived: those(({ derived }) => derived === true),
    unvetted: those(({ credentials }) => credentials === 'ask first'),
    zones: new Map(
      nodes.flatMap((node) => (node.zone === undefined ? [] : [[formatEndpoint(node), node.zone] as const])),
    ),
  };
}

export function toEndpoint({ host, port, tls, servername }: SourceNode): Endpoint {
  return { host, port, ...(tls !== undefined && { tls }), ...(servername !== undefined && { servername }) };
}
