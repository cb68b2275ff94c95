import { describe, expect, test } from 'vitest';
import { describeChange } from '../../lib/topology/describe-change.js';
import type { WriterPolicy } from '../../lib/topology/pick.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { A, B, C, master, observe, pending, replica, silent, type Look } from './reports.js';

/** What is logged at each of the looks, as `level: text`. */
function log(...looks: readonly Look[]): readonly (readonly string[])[] {
  return logUnder({ requireMajority: false }, looks);
}

function logUnder(policy: WriterPolicy, looks: readonly Look[]): readonly (readonly string[])[] {
  let resolution = initialResolution(0);
  return looks.map((look) => {
    const before = resolution;
    resolution = resolveTopology(before, observe(look));
    return describeChange(before.topology, resolution.topology, policy).map(
      ({ level, text }) => `${level}: ${text}`,
    );
  });
}

const steady: Look = {
  at: 1000,
  saw: { [A]: master({ on: 'R1', offset: 900 }), [B]: replica({ on: 'R1', offset: 900 }) },
};
const closed = { kind: 'connection closed', endpoint: A, at: 2000 } as const;
const gone: Look = {
  at: 2001,
  signal: closed,
  saw: {
    [A]: silent('REFUSED', 'connect ECONNREFUSED 10.0.0.1:6379'),
    [B]: replica({ on: 'R1', link: 'down' }),
  },
};
const promoted: Look = {
  at: 2038,
  saw: { ...gone.saw, [B]: master({ on: 'R2/R1@901', offset: 900 }) },
};
const split: Look = {
  at: 3000,
  saw: { [A]: master({ on: 'R1', offset: 900 }), [B]: master({ on: 'R2/R1@901', offset: 900 }) },
};

describe('an operator reads', () => {
  test('nothing before the first decision, then who is master', () => {
    expect(log({ at: 1, saw: { [A]: pending } }, steady)).toEqual([
      [],
      ['log: master is 10.0.0.1:6379, generation 1'],
    ]);
  });

  test('that the majority is gone, and that it is back, where one is required', () => {
    const alone: Look = {
      at: 3000,
      saw: { ...steady.saw, [B]: silent('TIMEOUT', 'no answer within 250 ms') },
    };
    const back: Look = { ...steady, at: 4000 };
    const texts = logUnder({ requireMajority: true }, [steady, alone, { ...alone, at: 3500 }, back]);
    expect(texts).toEqual([
      ['log: master is 10.0.0.1:6379, generation 1'],
      [
        'error: writes are held: only 1 of 2 nodes can be reached and agree that 10.0.0.1:6379 is the master',
        'warn: node 10.0.0.2:6379 cannot be used: TIMEOUT, no answer within 250 ms',
      ],
      [],
      ['log: the majority of the nodes is back: writes go on', 'log: node 10.0.0.2:6379 answers again'],
    ]);
    expect(log(steady, alone, back).flat().join('\n')).not.toContain('writes are held');
  });

  test('what a stale master took, when it gives in', () => {
    const wrote: Look = { ...split, saw: { ...split.saw, [A]: master({ on: 'R1', offset: 950 }) } };
    const wroteMore: Look = { at: 3500, saw: { ...split.saw, [A]: master({ on: 'R1', offset: 1000 }) } };
    const gaveIn: Look = { at: 4000, saw: { ...split.saw, [A]: replica({ on: 'R2/R1@901', offset: 900 }) } };
    expect(log(steady, promoted, wrote, wroteMore, gaveIn).slice(2)).toEqual([
      [
        'error: data loss: 50 bytes of acknowledged writes never reached 10.0.0.2:6379',
        'warn: node 10.0.0.1:6379 still says master but was superseded: it gets no writes',
      ],
      [],
      ['error: data loss: node 10.0.0.1:6379 no longer says master; 100 bytes that it took are lost'],
    ]);
  });

  test('that a master came back without its last writes', () => {
    const behind: Look = {
      at: 2500,
      saw: { ...steady.saw, [A]: master({ on: 'R7/R1@801', offset: 800, run: 'A again' }) },
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
          '10.0.0.1:6379 (REFUSED: connect ECONNREFUSED 10.0.0.1:6379), 10.0.0.2:6379 (replica, link down)',
        'warn: node 10.0.0.1:6379 cannot be used: REFUSED, connect ECONNREFUSED 10.0.0.1:6379',
      ],
      [
        'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      ],
      ['warn: node 10.0.0.1:6379 still says master but was superseded: it gets no writes'],
    ]);
  });

  test('nothing while nothing changes, however often it is looked', () => {
    const looks = [steady, gone, promoted, split].flatMap((look) => [
      look,
      { ...look, at: look.at + 1 },
      { ...look, at: look.at + 2 },
    ]);
    const repeats = log(...looks).filter((_, index) => index % 3 !== 0);
    expect(repeats).toHaveLength(8);
    expect(repeats.flat()).toEqual([]);
  });

  test('that the master is back after a silence, and how long it was', () => {
    expect(log(steady, gone, { ...steady, at: 2501 })[2]).toEqual([
      'log: master 10.0.0.1:6379 is back after 500 ms, generation 1',
      'log: node 10.0.0.1:6379 answers again',
    ]);
  });

  test('that acknowledged writes are lost, once', () => {
    const shorter = { ...promoted, saw: { ...promoted.saw, [B]: master({ on: 'R2/R1@577', offset: 576 }) } };
    const lines = log(steady, gone, shorter, { ...shorter, at: 2500 });
    expect(lines[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      'error: data loss: 324 bytes of acknowledged writes never reached 10.0.0.2:6379',
    ]);
    expect(lines[3]).toEqual([]);
  });

  test('that the master came back empty', () => {
    const empty = { at: 3000, saw: { ...gone.saw, [A]: master({ on: 'R9', offset: 0, run: 'A again' }) } };
    expect(log(steady, gone, empty)[2]).toEqual([
      'log: master 10.0.0.1:6379 is back after 999 ms, generation 1',
      'error: data loss: master 10.0.0.1:6379 came back without its data (900 bytes of history)',
      'log: node 10.0.0.1:6379 answers again',
    ]);
  });

  test('that a second loss followed the first', () => {
    const again = (at: number, run: string) => ({ at, saw: { [A]: master({ on: run, offset: 50, run }) } });
    const lines = log(
      { at: 1, saw: { [A]: master({ on: 'R1', offset: 900 }) } },
      again(2, 'x'),
      again(3, 'y'),
    );
    expect(lines.slice(1)).toEqual([
      ['error: data loss: master 10.0.0.1:6379 came back without its data (900 bytes of history)'],
      ['error: data loss: master 10.0.0.1:6379 came back without its data (50 bytes of history)'],
    ]);
  });

  test('of a split brain and what becomes of the writes', () => {
    const stranger = { ...steady, at: 2000, saw: { ...steady.saw, [B]: master({ on: 'Rown' }) } };
    expect(log(steady, stranger)[1]).toEqual([
      'error: split brain: 10.0.0.1:6379 and 10.0.0.2:6379 say master, and history cannot tell which one is the ' +
        'heir; writes stay with 10.0.0.1:6379, generation 1',
    ]);
    expect(log({ at: 1, saw: stranger.saw })[0]).toEqual([
      'error: split brain: 10.0.0.1:6379 and 10.0.0.2:6379 say master, and history cannot tell which one is the ' +
        'heir; writes are held, generation 0',
    ]);
  });

  test('that a split brain is over', () => {
    const stranger = { ...steady, at: 2000, saw: { ...steady.saw, [B]: master({ on: 'Rown' }) } };
    expect(log(steady, stranger, { ...steady, at: 3000 })[2]).toEqual([
      'log: the split brain is over: master is 10.0.0.1:6379, generation 1',
    ]);
  });

  test('of a failover into a contested group both the failover and the contest', () => {
    const both = {
      at: 2038,
      saw: { ...promoted.saw, [C]: master({ on: 'Rown' }) },
    };
    expect(log(steady, gone, both)[2]).toEqual([
      'warn: failover: master 10.0.0.1:6379 → 10.0.0.2:6379 in 38 ms, cause: connection closed, generation 2',
      'error: split brain: 10.0.0.2:6379 and 10.0.0.3:6379 say master, and history cannot tell which one is the ' +
        'heir; writes stay with 10.0.0.2:6379, generation 2',
    ]);
  });

  test('of another fault of the same node, but not of other words for the same', () => {
    const look = (at: number, [fault, words]: readonly ['TIMEOUT' | 'REFUSED', string]) => ({
      at,
      saw: { [A]: master({ on: 'R1' }), [B]: silent(fault, words) },
    });
    const lines = log(
      look(1, ['TIMEOUT', 'one']),
      look(2, ['TIMEOUT', 'two']),
      look(3, ['REFUSED', 'three']),
    );
    expect(lines.slice(1)).toEqual([[], ['warn: node 10.0.0.2:6379 cannot be used: REFUSED, three']]);
  });
});
