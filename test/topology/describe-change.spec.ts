import { describe, expect, test } from 'vitest';
import { describeChange } from '../../lib/topology/describe-change.js';
import type { WriterPolicy } from '../../lib/topology/pick.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { A, B, C, master, observe, pending, replica, faulty, untrusted, type ProbeRound } from './reports.js';

/** What is logged after each round, as `level: text`. */
function log(...rounds: readonly ProbeRound[]): readonly (readonly string[])[] {
  return logUnder({ requireMajority: false }, rounds);
}

/** The same while the source names one node after the other as the intended master. */
function logWhile(
  intended: readonly string[],
  ...rounds: readonly ProbeRound[]
): readonly (readonly string[])[] {
  return logUnder({ requireMajority: false }, rounds, intended);
}

function logUnder(
  policy: WriterPolicy,
  rounds: readonly ProbeRound[],
  intended: readonly string[] = [],
): readonly (readonly string[])[] {
  let resolution = initialResolution(0);
  return rounds.map((round, index) => {
    const before = resolution;
    resolution = resolveTopology(before, observe(round), {
      intended: new Set(intended.slice(index, index + 1)),
      derived: new Set(),
      acceptAfterMs: 30_000,
      epochMs: 0,
    });
    return describeChange(before.topology, resolution.topology, policy).map(
      ({ level, text }) => `${level}: ${text}`,
    );
  });
}

const steady: ProbeRound = {
  at: 1000,
  results: { [A]: master({ on: 'R1', offset: 900 }), [B]: replica({ on: 'R1', offset: 900 }) },
};
const closed = { kind: 'connection closed', endpoint: A, at: 2000 } as const;
const gone: ProbeRound = {
  at: 2001,
  signal: closed,
  results: {
    [A]: faulty('REFUSED', 'connect ECONNREFUSED 10.0.0.1:6379'),
    [B]: replica({ on: 'R1', link: 'down' }),
  },
};
const promoted: ProbeRound = {
  at: 2038,
  results: { ...gone.results, [B]: master({ on: 'R2/R1@901', offset: 900 }) },
};
const split: ProbeRound = {
  at: 3000,
  results: { [A]: master({ on: 'R1', offset: 900 }), [B]: master({ on: 'R2/R1@901', offset: 900 }) },
};

describe('the log shows', () => {
  test('nothing before the first decision, then which node is the master', () => {
    expect(log({ at: 1, results: { [A]: pending } }, steady)).toEqual([
      [],
      ['log: master is 10.0.0.1:6379, generation 1'],
    ]);
  });

  test('that a required majority is lost, and that it is back', () => {
    const alone: ProbeRound = {
      at: 3000,
      results: { ...steady.results, [B]: faulty('TIMEOUT', 'no answer within 250 ms') },
    };
    const back: ProbeRound = { ...steady, at: 4000 };
    const texts = logUnder({ requireMajority: true }, [steady, alone, { ...alone, at: 3500 }, back]);
    expect(texts).toEqual([
      ['log: master is 10.0.0.1:6379, generation 1'],
      [
        'error: writes are held: only 1 of 2 nodes can be reached and agree that 10.0.0.1:6379 is the master',
        'warn: node 10.0.0.2:6379 cannot be used: TIMEOUT, no answer within 250 ms',
      ],
      [],
      ['log: the majority of the nodes is back: writes resume', 'log: node 10.0.0.2:6379 answers again'],
    ]);
    expect(log(steady, alone, back).flat().join('\n')).not.toContain('writes are held');
  });

  test('how many bytes a stale master accepted, when it is demoted', () => {
    const wrote: ProbeRound = {
      ...split,
      results: { ...split.results, [A]: master({ on: 'R1', offset: 950 }) },
    };
    const wroteMore: ProbeRound = {
      at: 3500,
      results: { ...split.results, [A]: master({ on: 'R1', offset: 1000 }) },
    };
    const demoted: ProbeRound = {
      at: 4000,
      results: { ...split.results, [A]: replica({ on: 'R2/R1@901', offset: 900 }) },
    };
    const restarting: ProbeRound = {
      at: 3800,
      results: { ...split.results, [A]: faulty('REFUSED', 'refused') },
    };
    const told = [
      'error: data loss: 50 bytes of acknowledged writes never reached 10.0.0.2:6379',
      'warn: node 10.0.0.1:6379 still claims to be the master but was superseded: it gets no writes',
    ];
    const last =
      'error: data loss: node 10.0.0.1:6379 no longer claims to be the master; 100 bytes that it accepted are lost';
    expect(log(steady, promoted, wrote, wroteMore, demoted).slice(2)).toEqual([told, [], [last]]);
    expect(log(steady, promoted, wrote, wroteMore, restarting, demoted, demoted).slice(2)).toEqual([
      told,
      [],
      ['warn: node 10.0.0.1:6379 cannot be used: REFUSED, refused'],
      ['log: node 10.0.0.1:6379 answers again', last],
      [],
    ]);
  });

  test('that a master came back without its last writes', () => {
    const behind: ProbeRound = {
      at: 2500,
      results: { ...steady.results, [A]: master({ on: 'R7/R1@801', offset: 800, run: 'A again' }) },
    };
    expect(log(steady, behind).at(-1)).toEqual([
      'error: data loss: master 10.0.0.1:6379 came back without its last 100 bytes of acknowledged writes',
    ]);
  });

  test('the course of a failover', () => {
    expect(log(steady, gone, promoted, split)).toEqual([
      ['log: master is 10.0.0.1:6379, generation 1'],
      [
        'warn: writes are held, cause: connection closed; no node is a master: ' +
          '10.0.0.1:6379 (REFUSED: connect ECONNREFUSED 10.0.0.1:6379), 10.0.0.2:6379 (replica, link down); ' +
          'promote a node to end this',
        'warn: node 10.0.0.1:6379 cannot be used: REFUSED, connect ECONNREFUSED 10.0.0.1:6379',
      ],
      [
        'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      ],
      ['warn: node 10.0.0.1:6379 still claims to be the master but was superseded: it gets no writes'],
    ]);
  });

  test('nothing while nothing changes, however often nodes are probed', () => {
    const rounds = [steady, gone, promoted, split].flatMap((round) => [
      round,
      { ...round, at: round.at + 1 },
      { ...round, at: round.at + 2 },
    ]);
    const repeats = log(...rounds).filter((_, index) => index % 3 !== 0);
    expect(repeats).toHaveLength(8);
    expect(repeats.flat()).toEqual([]);
  });

  test('that the master is back, and how long it was gone', () => {
    expect(log(steady, gone, { ...steady, at: 2501 })[2]).toEqual([
      'log: master 10.0.0.1:6379 is back after 500 ms, generation 1',
      'log: node 10.0.0.1:6379 answers again',
    ]);
  });

  test('that acknowledged writes are lost, once', () => {
    const shorter = {
      ...promoted,
      results: { ...promoted.results, [B]: master({ on: 'R2/R1@577', offset: 576 }) },
    };
    const lines = log(steady, gone, shorter, { ...shorter, at: 2500 });
    expect(lines[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      'error: data loss: 324 bytes of acknowledged writes never reached 10.0.0.2:6379',
    ]);
    expect(lines[3]).toEqual([]);
  });

  test('that the master came back empty', () => {
    const empty = {
      at: 3000,
      results: { ...gone.results, [A]: master({ on: 'R9', offset: 0, keys: 0, run: 'A again' }) },
    };
    const filled = {
      ...steady,
      results: { ...steady.results, [A]: master({ on: 'R1', offset: 900, keys: 7 }) },
    };
    expect(log(filled, gone, empty)[2]).toEqual([
      'log: master 10.0.0.1:6379 is back after 999 ms, generation 1',
      'error: data loss: master 10.0.0.1:6379 came back empty, and had 7 keys when it was probed last',
      'log: node 10.0.0.1:6379 answers again',
    ]);
  });

  test('how many bytes are lost, to the byte, if the heir continues the history without a single key', () => {
    const filled = {
      ...steady,
      results: { ...steady.results, [A]: master({ on: 'R1', offset: 900, keys: 7 }) },
    };
    const heir = {
      ...promoted,
      results: { ...promoted.results, [B]: master({ on: 'R2/R1@15', offset: 14, keys: 0, run: 'B' }) },
    };
    expect(log(filled, gone, heir)[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      'error: data loss: 886 bytes of acknowledged writes never reached 10.0.0.2:6379',
    ]);
  });

  test('that a second loss followed the first', () => {
    const again = (at: number, run: string) => ({
      at,
      results: { [A]: master({ on: `${run}/R1@801`, offset: 800, run }) },
    });
    const lines = log(
      { at: 1, results: { [A]: master({ on: 'R1', offset: 900 }) } },
      again(2, 'x'),
      { at: 3, results: { [A]: master({ on: 'x/R1@801', offset: 950, run: 'x' }) } },
      { at: 4, results: { [A]: master({ on: 'y/x@901', offset: 900, run: 'y' }) } },
    );
    expect(lines.slice(1)).toEqual([
      ['error: data loss: master 10.0.0.1:6379 came back without its last 100 bytes of acknowledged writes'],
      [],
      ['error: data loss: master 10.0.0.1:6379 came back without its last 50 bytes of acknowledged writes'],
    ]);
  });

  test('nothing of a contest, which is told by an alarm of its own if it lasts', () => {
    const stranger = { ...steady, at: 2000, results: { ...steady.results, [B]: master({ on: 'Rown' }) } };
    expect(log(steady, stranger, { ...steady, at: 3000 }).slice(1)).toEqual([[], []]);
  });

  test('the failover that ends in a contested group', () => {
    const both = {
      at: 2038,
      results: { ...promoted.results, [C]: master({ on: 'Rown' }) },
    };
    expect(log(steady, gone, both)[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
    ]);
  });

  test('how long ago at most the promotion was, if only a poll noticed it', () => {
    expect(log(steady, { ...split, at: 1450 })[1]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 promoted within the last 450 ms, cause: poll, generation 2',
      'warn: node 10.0.0.1:6379 still claims to be the master but was superseded: it gets no writes',
    ]);
  });

  test('how long a failover took that a poll noticed, if the new master was never seen as a replica', () => {
    const unseen = { ...steady, results: { ...steady.results, [B]: faulty('TIMEOUT') } };
    expect(log(unseen, { ...split, at: 1450 })[1]?.[0]).toBe(
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 0 ms, cause: poll, generation 2',
    );
  });

  test('a failover that the replicas have decided', () => {
    // Two promotions, the first of which nobody saw: no history connects A and B.
    const chosen = {
      at: 2038,
      results: { ...gone.results, [B]: master({ on: 'R7/R6@1' }), [C]: replica({ on: 'R7/R6@1' }) },
    };
    expect(log(steady, gone, chosen)[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, by replicas, cause: connection closed, generation 2',
    ]);
  });

  test('a failover that the source of nodes has decided', () => {
    const moved: ProbeRound = { at: 2038, results: { ...gone.results, [B]: master({ on: 'R7' }) } };
    expect(logWhile([A, A, B], steady, gone, moved)[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, by authority, cause: connection closed, generation 2',
    ]);
  });

  describe('of a master without proof', () => {
    const lone = { ...gone.results, [B]: master({ on: 'R7' }) };
    const held: ProbeRound = { at: 2038, results: lone };
    const taken: ProbeRound = { at: 32_038, results: lone };
    const accepted = [
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 30038 ms, by unproven, cause: connection closed, generation 2',
      'error: unproven master: 10.0.0.2:6379 was accepted because no reachable node disputes it; writes that 10.0.0.1:6379 acknowledged may be missing',
    ];

    test('that it is accepted, and what may be lost', () => {
      expect(log(steady, gone, held, taken, { ...taken, at: 33_000 }).slice(3)).toEqual([accepted, []]);
    });

    test('that it is accepted where the app has known no master', () => {
      const witnessed = {
        [A]: faulty('TIMEOUT'),
        [B]: master({ on: 'R1' }),
        [C]: replica({ on: 'R2/R1@9' }),
      };
      const alone = { ...witnessed, [C]: faulty('TIMEOUT') };
      expect(
        log({ at: 0, results: witnessed }, { at: 1, results: alone }, { at: 30_001, results: alone })[2],
      ).toEqual([
        'log: master is 10.0.0.2:6379, generation 1',
        'error: unproven master: 10.0.0.2:6379 was accepted because no reachable node disputes it; writes that another node acknowledged may be missing',
      ]);
    });

    test('that it is proven once the replicas agree', () => {
      const followed = { ...lone, [C]: replica({ on: 'R7' }) };
      expect(
        log(
          steady,
          gone,
          held,
          taken,
          { at: 33_000, results: followed },
          { at: 34_000, results: followed },
        ).slice(4),
      ).toEqual([[], ['log: master 10.0.0.2:6379 is proven by now, generation 2']]);
    });

    test('nothing more of it when it was silent for a moment', () => {
      const silent: ProbeRound = { at: 33_000, results: { ...lone, [B]: faulty('TIMEOUT') } };
      const back = log(steady, gone, held, taken, silent, { ...taken, at: 33_500 })[5];
      expect(back).toEqual([
        'log: master 10.0.0.2:6379 is back after 500 ms, generation 2',
        'log: node 10.0.0.2:6379 answers again',
      ]);
    });

    test('that its heir takes over, which is no proof of either', () => {
      const heir = { ...lone, [A]: master({ on: 'R9/R7@1' }) };
      const lines = log(steady, gone, held, taken, { at: 33_000, results: heir })[4]?.join('\n');
      expect(lines).toContain('failover: master 10.0.0.2:6379 → 10.0.0.1:6379');
      expect(lines).not.toContain('proven');
    });
  });

  test('a new fault of a node, but not another message for the same fault', () => {
    const round = (at: number, [fault, message]: readonly ['TIMEOUT' | 'REFUSED', string]) => ({
      at,
      results: { [A]: master({ on: 'R1' }), [B]: faulty(fault, message) },
    });
    const lines = log(
      round(1, ['TIMEOUT', 'one']),
      round(2, ['TIMEOUT', 'two']),
      round(3, ['REFUSED', 'three']),
    );
    expect(lines.slice(1)).toEqual([[], ['warn: node 10.0.0.2:6379 cannot be used: REFUSED, three']]);
  });
});

test('that others write into the INFO of a node is told when it begins and when it ends', () => {
  const attacked = { ...steady.results, [A]: untrusted('master', { run: `run of ${A}` }) };
  const lines = log(
    steady,
    { at: 2000, results: attacked },
    { at: 3000, results: attacked },
    { at: 4000, results: steady.results },
  );
  expect(lines.slice(1)).toEqual([
    [
      `warn: node ${A} cannot be trusted: somebody writes lines into its INFO, as a replica can by REPLCONF; until this ` +
        'ends, ROLE or HELLO tells its role, and its replication ids prove nothing',
    ],
    [],
    [`log: node ${A} can be trusted again: nobody writes lines into its INFO`],
  ]);
});

test('that others wrote into the INFO of a node ends also after the node was out of reach', () => {
  const attacked = { ...steady.results, [A]: untrusted('master', { run: `run of ${A}` }) };
  const lines = log(
    steady,
    { at: 2000, results: attacked },
    { at: 3000, results: { ...attacked, [A]: faulty('TIMEOUT', 'no answer') } },
    { at: 4000, results: attacked },
    { at: 5000, results: { ...attacked, [A]: faulty('TIMEOUT', 'no answer') } },
    { at: 6000, results: steady.results },
  );
  expect(lines.map((each) => each.filter((text) => text.includes('trusted')).length)).toEqual([
    0, 1, 0, 0, 0, 1,
  ]);
});
