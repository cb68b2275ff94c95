import { expect, test } from 'vitest';
import { isRelated } from '../../lib/topology/is-related.js';
import { emptyLineage, learnLineage } from '../../lib/topology/lineage.js';
import type { NodeReport } from '../../lib/topology/observation.js';

const replica = (id: string, previous?: string): NodeReport => ({
  role: 'replica',
  history: { id, ...(previous !== undefined && { previous: { id: previous, from: 1 } }) },
  named: [],
});
const lineage = learnLineage(emptyLineage, [
  { id: 'third', previous: { id: 'second', from: 2 } },
  { id: 'second', previous: { id: 'first', from: 1 } },
]);
const group = { lineage };

test.each<[string, readonly [own: NodeReport, ...others: NodeReport[]], boolean]>([
  ['the same history', [replica('a'), replica('a')], true],
  ['a promotion since', [replica('b', 'a'), replica('a')], true],
  ['a promotion of the other since', [replica('a'), replica('b', 'a')], true],
  ['several promotions since', [replica('third'), replica('first')], true],
  ['several promotions of the other since', [replica('first'), replica('third')], true],
  ['another history', [replica('x'), replica('a'), replica('third')], false],
  ['no known history at all', [replica('a')], false],
  ['no history of its own', [{ role: 'master', named: [] }, replica('a')], false],
])('a node with %s', (_what, [report, ...others], expected) => {
  expect(isRelated(report, others, group)).toBe(expected);
});

test('the accepted master counts also while it is silent', () => {
  const accepted = { endpoint: 'm:1', replicationId: 'a' };
  expect(isRelated(replica('b', 'a'), [], { lineage: emptyLineage, accepted })).toBe(true);
});
