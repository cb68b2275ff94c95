import { describe, expect, test } from 'vitest';
import {
  announcementOf,
  newsIn,
  nothingHeard,
  onFound,
  onHeard,
  type Hearing,
} from '../../lib/fleet/announcements.js';
import { initialResolution, resolveTopology, type Resolution } from '../../lib/topology/resolve-topology.js';
import { A, B, C, master, observe, replica, silent, type Saying } from '../topology/reports.js';

type Saw = Readonly<Record<string, Saying>>;

/** What is concluded from several looks, one after the other. */
function concluded(...looks: readonly Saw[]): Resolution {
  return looks.reduce(
    (resolution, saw, index) => resolveTopology(resolution, observe({ at: index, saw })),
    initialResolution(0),
  );
}

const healthy: Saw = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const without: Saw = { ...healthy, [A]: silent('REFUSED') };
const promoted: Saw = { ...without, [B]: master({ on: 'R2/R1@1' }) };

describe('what is announced', () => {
  test('is a promotion, on the node that was promoted', () => {
    const after = concluded(healthy, without, promoted);
    const announcement = announcementOf(concluded(healthy, without), after);
    expect(announcement).toEqual({ endpoint: B, news: newsIn(after) });
  });

  test.each<[string, readonly Saw[], readonly Saw[]]>([
    ['the first master that is found', [], [healthy]],
    ['that the master is gone', [healthy], [healthy, without]],
    ['that the master answers again', [healthy, without], [healthy, without, healthy]],
    [
      'that the master was restarted',
      [healthy, without],
      [healthy, without, { ...healthy, [A]: master({ on: 'R9/R1@1', run: 'another' }) }],
    ],
    ['that nothing has changed', [healthy], [healthy, healthy]],
    ['what a replica does', [healthy], [healthy, { ...healthy, [C]: silent('REFUSED') }]],
  ])('is not %s', (_, before, after) => {
    expect(announcementOf(concluded(...before), concluded(...after))).toBeUndefined();
  });

  test('is the same whoever finds it, and another for the next promotion', () => {
    const missedTheLoss = newsIn(concluded(healthy, promoted));
    const sawAll = newsIn(concluded(healthy, without, promoted));
    expect(missedTheLoss).toBe(sawAll);
    expect(sawAll).not.toBe(newsIn(concluded(healthy)));
  });
});

describe('what is heard', () => {
  const hear = (hearing: Hearing, news: string, at: number) => onHeard(hearing, { news, at, known: 'A' });

  test('is worth a look, once', () => {
    const first = hear(nothingHeard, 'B', 1000);
    expect(first.isHeeded).toBe(true);
    expect(hear(first.hearing, 'B', 1001).isHeeded).toBe(false);
  });

  test('is not worth a look if it is known, and costs the announcer no trust', () => {
    const known = hear(nothingHeard, 'A', 1000);
    expect(known).toEqual({ hearing: nothingHeard, isHeeded: false });
  });

  test('is not worth a look if it is longer than any news', () => {
    expect(hear(nothingHeard, 'x'.repeat(201), 1000).isHeeded).toBe(false);
    expect(hear(nothingHeard, 'x'.repeat(200), 1000).isHeeded).toBe(true);
  });

  test('is heeded ever more rarely while there is nothing to be found, twenty times in ten minutes of flood', () => {
    let hearing = nothingHeard;
    const heeded: number[] = [];
    for (let at = 0; at < 600_000; at += 1) {
      const verdict = hear(hearing, `flood ${at}`, at);
      hearing = verdict.hearing;
      if (verdict.isHeeded) heeded.push(at);
    }
    expect(heeded.slice(0, 5)).toEqual([0, 50, 150, 350, 750]);
    expect(heeded).toHaveLength(20);
    expect((heeded.at(-1) ?? 0) - (heeded.at(-2) ?? 0)).toBe(60_000);
  });

  test('is heeded at once again after a master was found', () => {
    const inVain = Array.from({ length: 8 }, (_, index) => index * 100_000).reduce(
      (hearing, at) => hear(hearing, `vain ${at}`, at).hearing,
      nothingHeard,
    );
    expect(hear(inVain, 'C', 700_001).isHeeded).toBe(false);
    expect(hear(onFound(inVain, 'B').hearing, 'C', 700_001).isHeeded).toBe(true);
  });
});

describe('what is found', () => {
  test('is told to others if nobody has told of it', () => {
    expect(onFound(nothingHeard, 'B').isTold).toBe(false);
    const { hearing } = onHeard(nothingHeard, { news: 'B', at: 1000, known: 'A' });
    expect(onFound(hearing, 'B').isTold).toBe(true);
    expect(onFound(hearing, 'C').isTold).toBe(false);
  });
});
