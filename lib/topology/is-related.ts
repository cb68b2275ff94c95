import type { AcceptedMaster } from './claims.js';
import { descendsFrom, idsOf, type Lineage } from './lineage.js';
import type { NodeReport } from './observation.js';

interface Group {
  readonly accepted?: AcceptedMaster;
  readonly lineage: Lineage;
}

/** Whether the history of a node is one of these nodes' or of the accepted master's, continues one, or is continued by one. */
export function isRelated(
  report: NodeReport,
  others: readonly NodeReport[],
  { accepted, lineage }: Group,
): boolean {
  const known = [
    ...others.flatMap(idsOf),
    ...(accepted?.replicationId === undefined ? [] : [accepted.replicationId]),
  ];
  return idsOf(report).some((id) =>
    known.some(
      (other) => id === other || descendsFrom(lineage, id, other) || descendsFrom(lineage, other, id),
    ),
  );
}
