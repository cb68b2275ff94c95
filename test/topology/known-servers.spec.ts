import { expect, test } from 'vitest';
import { countServers, rememberIdentities } from '../../lib/topology/known-servers.js';
import { A, B, C, faulty, master, observe, READER, replica, type ProbeResult } from './reports.js';

type Results = Readonly<Record<string, ProbeResult>>;

/** How many servers are counted after these rounds of probes. */
function counted(rounds: readonly Results[], derived: readonly string[] = []): number {
  const all = rounds.map((results, index) => observe({ at: index, results }));
  const identities = all.reduce(rememberIdentities, new Map<string, string>());
  return countServers(all.at(-1) ?? [], identities, new Set(derived));
}

const healthy: Results = {
  [A]: master({ on: 'R1' }),
  [B]: replica({ on: 'R1' }),
  [C]: replica({ on: 'R1' }),
};

test('every node that the user has named counts, also if it has never answered', () => {
  expect(counted([healthy])).toBe(3);
  expect(counted([{ ...healthy, [C]: faulty('REFUSED') }])).toBe(3);
});

test('a server with two names counts once, also when neither name answers any more', () => {
  const named: Results = { ...healthy, [READER]: replica({ on: 'R1', run: `run of ${B}` }) };
  expect(counted([named])).toBe(3);
  expect(counted([named, { ...named, [READER]: faulty('NOT_FOUND') }])).toBe(3);
  expect(counted([named, { ...named, [B]: faulty('REFUSED'), [READER]: faulty('REFUSED') }])).toBe(3);
});

test('an address that the source derived counts once a server has answered there, and from then on', () => {
  const unreachable: Results = { ...healthy, [C]: faulty('UNREACHABLE') };
  expect(counted([unreachable], [B, C])).toBe(2);
  expect(counted([healthy, unreachable], [B, C])).toBe(3);
});

test('a node that has left the list does not count', () => {
  expect(counted([healthy, { [A]: master({ on: 'R1' }) }])).toBe(1);
});
