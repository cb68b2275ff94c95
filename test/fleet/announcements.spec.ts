import { describe, expect, test } from 'vitest';
import {
  announcementOf,
  promotionIdOf,
  initialTrust,
  onDetected,
  onReceived,
  type Trust,
} from '../../lib/fleet/announcements.js';
import { initialResolution, resolveTopology, type Resolution } from '../../lib/topology/resolve-topology.js';
import { A, B, C, master, observe, replica, faulty, type ProbeResult } from '../topology/reports.js';

type Saw = Readonly<Record<string, ProbeResult>>;

/** The resolution after several rounds of probes. */
function resolved(...rounds: readonly Saw[]): Resolution {
  return rounds.reduce(
    (resolution, saw, index) => resolveTopology(resolution, observe({ at: index, results: saw })),
    initialResolution(0),
  );
}

const healthy: Saw = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const without: Saw = { ...healthy, [A]: faulty('REFUSED') };
const promoted: Saw = { ...without, [B]: master({ on: 'R2/R1@1' }) };

describe('an announcement', () => {
  test('is a promotion, on the node that was promoted', () => {
    const after = resolved(healthy, without, promoted);
    const announcement = announcementOf(resolved(healthy, without), after);
    expect(announcement).toEqual({ endpoint: B, promotionId: promotionIdOf(after) });
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
    ['what a replica does', [healthy], [healthy, { ...healthy, [C]: faulty('REFUSED') }]],
  ])('is not %s', (_, before, after) => {
    expect(announcementOf(resolved(...before), resolved(...after))).toBeUndefined();
  });

  test('is the same in every app that detects it, and differs for the next promotion', () => {
    const missedTheLoss = promotionIdOf(resolved(healthy, promoted));
    const sawAll = promotionIdOf(resolved(healthy, without, promoted));
    expect(missedTheLoss).toBe(sawAll);
    expect(sawAll).not.toBe(promotionIdOf(resolved(healthy)));
  });
});

describe('an announcement that is received', () => {
  const receive = (trust: Trust, promotionId: string, at: number) =>
    onReceived(trust, { promotionId, at, known: 'A' });

  test('is worth a probe, once', () => {
    const first = receive(initialTrust, 'B', 1000);
    expect(first.isWorthProbing).toBe(true);
    expect(receive(first.trust, 'B', 1001).isWorthProbing).toBe(false);
  });

  test('is not worth a probe if its promotion is known, and costs the sender no trust', () => {
    const known = receive(initialTrust, 'A', 1000);
    expect(known).toEqual({ trust: initialTrust, isWorthProbing: false });
  });

  test('is not worth a probe if it is longer than any promotion id', () => {
    expect(receive(initialTrust, 'x'.repeat(201), 1000).isWorthProbing).toBe(false);
    expect(receive(initialTrust, 'x'.repeat(200), 1000).isWorthProbing).toBe(true);
  });

  test('is worth a probe less and less often while none leads to a master: twenty times in ten minutes of flood', () => {
    let trust = initialTrust;
    const probed: number[] = [];
    for (let at = 0; at < 600_000; at += 1) {
      const verdict = receive(trust, `flood ${at}`, at);
      trust = verdict.trust;
      if (verdict.isWorthProbing) probed.push(at);
    }
    expect(probed.slice(0, 5)).toEqual([0, 50, 150, 350, 750]);
    expect(probed).toHaveLength(20);
    expect((probed.at(-1) ?? 0) - (probed.at(-2) ?? 0)).toBe(60_000);
  });

  test('is worth a probe at once again after a promotion was detected', () => {
    const doubting = Array.from({ length: 8 }, (_, index) => index * 100_000).reduce(
      (trust, at) => receive(trust, `false ${at}`, at).trust,
      initialTrust,
    );
    expect(receive(doubting, 'C', 700_001).isWorthProbing).toBe(false);
    expect(receive(onDetected(doubting, 'B').trust, 'C', 700_001).isWorthProbing).toBe(true);
  });
});

describe('a promotion that is detected', () => {
  test('is announced unless it was announced before', () => {
    expect(onDetected(initialTrust, 'B').wasAnnounced).toBe(false);
    const { trust } = onReceived(initialTrust, { promotionId: 'B', at: 1000, known: 'A' });
    expect(onDetected(trust, 'B').wasAnnounced).toBe(true);
    expect(onDetected(trust, 'C').wasAnnounced).toBe(false);
  });
});
