import { checkOutcomes } from './check-outcomes.js';
import { checkRecovery } from './check-recovery.js';
import { checkResources } from './check-resources.js';
import { checkTopology } from './check-topology.js';
import { checkUnproven } from './check-unproven.js';
import type { Entry } from './history.js';
import { operationsOf } from './operations.js';
import type { Terms, Violation } from './violation.js';

/** All violations in a history, in order of time. */
export function check(entries: readonly Entry[], terms: Terms): readonly Violation[] {
  const operations = operationsOf(entries);
  return [
    ...checkOutcomes(operations, terms),
    ...checkTopology(entries, operations),
    ...checkRecovery(entries, operations, terms),
    ...checkUnproven(entries, operations, terms),
    ...checkResources(entries, operations, terms),
  ].toSorted((a, b) => a.at - b.at);
}
