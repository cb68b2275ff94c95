import { expect, test } from 'vitest';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { A, B, C, master, observe, replica, type ProbeResult } from './reports.js';

/** Promoted over R1, which a claim of an old master shows. */
const heir = master({ on: 'R2/R1@100', offset: 500 });
const honest = { [A]: heir, [B]: replica({ on: 'R2/R1@100', offset: 500 }) };

/** What a lying node can report at each probe. */
const lies: readonly (readonly [string, (probe: number) => ProbeResult])[] = [
  ['as a replica', (probe) => replica({ on: `X${probe}/Y${probe}@1`, run: `run ${probe}` })],
  ['as a master', (probe) => master({ on: `X${probe}/Y${probe}@1`, run: `run ${probe}` })],
  [
    'as the heir of all that it was',
    (probe) => master({ on: `X${probe}/X${probe - 1}@1`, run: `run ${probe}` }),
  ],
  ['as what the master was before', (probe) => replica({ on: `R2/Y${probe}@1`, run: `run ${probe}` })],
];

test.each(lies)(
  '3,000 probes of a node that reports a new id each time, %s, leave a bounded memory',
  (_, lie) => {
    let resolution = resolveTopology(
      initialResolution(0),
      observe({ at: 0, results: { ...honest, [C]: lie(0) } }),
    );
    for (let probe = 1; probe <= 3000; probe++) {
      resolution = resolveTopology(
        resolution,
        observe({ at: probe, results: { ...honest, [C]: lie(probe) } }),
      );
    }
    const { lineage, superseded, replicaRunIds, identities, trusted, replicaAt } = resolution;
    expect(lineage.size).toBeLessThanOrEqual(256);
    expect(Math.max(...[...lineage.values()].map((previous) => previous.length))).toBeLessThanOrEqual(4);
    expect(superseded.size).toBeLessThanOrEqual(256);
    for (const byNode of [replicaRunIds, identities, trusted, replicaAt])
      expect(byNode.size).toBeLessThanOrEqual(3);
    // The master before the accepted one is still known to be over.
    const results = { ...honest, [C]: master({ on: 'R1', offset: 200 }) };
    const { topology } = resolveTopology(resolution, observe({ at: 200_000, results }));
    expect(topology).toMatchObject({ kind: 'steady', master: A });
    expect(topology.nodes.find(({ endpoint }) => endpoint === C)?.kind).toBe('stale');
  },
);
