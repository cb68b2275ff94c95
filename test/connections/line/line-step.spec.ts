import { expect, test } from 'vitest';
import { nextStep } from '../../../lib/connections/line/line-step.js';
import { initialResolution, resolveTopology } from '../../../lib/topology/resolve-topology.js';
import { pickWriter } from '../../../lib/topology/pick.js';
import { A, B, faulty, master, observe, onlyRole, replica, untrusted } from '../../topology/reports.js';
import type { ProbeResult } from '../../topology/reports.js';

const known = master({ on: 'R1' });

/** What a line to A does when A reports this, after it was the master. */
function step(report: ProbeResult, line: { readonly runId?: string; readonly wasSuspended?: boolean }) {
  const before = resolveTopology(initialResolution(0), observe({ at: 0, results: { [A]: known } }));
  const { topology } = resolveTopology(before, observe({ at: 1000, results: { [A]: report } }));
  const pick = pickWriter(topology, { requireMajority: false });
  return nextStep({
    endpoint: A,
    runId: line.runId,
    wasSuspended: line.wasSuspended ?? false,
    topology,
    pick,
  });
}

const runId = `run of ${A}`;
const inDoubt = { kind: 'leave', reason: `${A} may have been restarted`, drain: true };

test('a line goes on where the node is known to be the process that it leads to', () => {
  expect(step(known, { runId })).toEqual({ kind: 'resume' });
  expect(step(known, { runId, wasSuspended: true })).toEqual({ kind: 'resume' });
  expect(step(known, { runId: 'another' })).toMatchObject({
    kind: 'leave',
    reason: `moving from ${A} to ${A}`,
  });
});

test('a line that cannot tell whether the process is the same is left after the node was silent', () => {
  expect(step(known, { wasSuspended: true })).toEqual(inDoubt);
  expect(step(onlyRole('master'), { runId, wasSuspended: true })).toEqual(inDoubt);
  expect(step(known, {})).toEqual({ kind: 'resume' });
  expect(step(onlyRole('master'), { runId })).toEqual({ kind: 'resume' });
});

test('a line whose node cannot be trusted on a new connection is left, once', () => {
  expect(step(untrusted('master'), { runId })).toEqual(inDoubt);
  expect(step(untrusted('master'), {})).toEqual({ kind: 'resume' });
  expect(step(untrusted('master', { run: runId }), { runId })).toEqual({ kind: 'resume' });
});

test('a line is suspended while its node is silent, and leaves it when it is no master any more', () => {
  expect(step(faulty('TIMEOUT'), { runId })).toMatchObject({ kind: 'suspend' });
  expect(step(replica({ on: 'R1', follows: B }), { runId })).toMatchObject({ kind: 'leave', drain: true });
});
