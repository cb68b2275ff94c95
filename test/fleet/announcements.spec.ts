import { describe, expect, test } from 'vitest';
import {
  announcementOf,
  nothingHeard,
  onDetected,
  onReceived,
  promotionIdOf,
  readMessage,
  REMEMBERED,
  writeMessage,
  type Heard,
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

  test('is not a promotion whose ids are longer than any server makes them', () => {
    const endless = { ...without, [B]: master({ on: 'R2/R1@1', run: 'x'.repeat(200) }) };
    expect(announcementOf(resolved(healthy, without), resolved(healthy, without, endless))).toBeUndefined();
  });

  test('is the same in every app that detects it, and differs for the next promotion', () => {
    const missedTheLoss = promotionIdOf(resolved(healthy, promoted));
    const sawAll = promotionIdOf(resolved(healthy, without, promoted));
    expect(missedTheLoss).toBe(sawAll);
    expect(sawAll).not.toBe(promotionIdOf(resolved(healthy)));
  });
});

const receive = (heard: Heard, promotionId: string, endpoint = B) =>
  onReceived(heard, { endpoint, promotionId }, 'A');

describe('an announcement that is received', () => {
  test('is news once, however many others come in between', () => {
    const first = receive(nothingHeard, 'B');
    expect(first.isNews).toBe(true);
    expect(receive(first.heard, 'B').isNews).toBe(false);
    const later = Array.from({ length: REMEMBERED - 1 }, (_, index) => `false ${index}`).reduce(
      (heard, id) => receive(heard, id).heard,
      first.heard,
    );
    expect(receive(later, 'B').isNews).toBe(false);
  });

  test('is news however many false ones came before', () => {
    const flooded = Array.from({ length: 10 * REMEMBERED }, (_, index) => `false ${index}`).reduce(
      (heard, id) => receive(heard, id).heard,
      nothingHeard,
    );
    expect(flooded).toHaveLength(REMEMBERED);
    expect(receive(flooded, 'B').isNews).toBe(true);
  });

  test('is news although it was repeated on another node before', () => {
    const { heard } = receive(nothingHeard, 'B', C);
    expect(receive(heard, 'B', B).isNews).toBe(true);
  });

  test('is no news if its promotion is known, and is not remembered then', () => {
    expect(receive(nothingHeard, 'A')).toEqual({ heard: nothingHeard, isNews: false });
  });

  test('is no news if it is longer than any promotion id', () => {
    expect(receive(nothingHeard, 'x'.repeat(201)).isNews).toBe(false);
    expect(receive(nothingHeard, 'x'.repeat(200)).isNews).toBe(true);
  });

  test('is news again after a promotion was detected, because a node can be promoted twice', () => {
    const { heard } = receive(nothingHeard, 'C', C);
    const detected = onDetected(heard, { endpoint: B, promotionId: 'B' });
    expect(receive(detected.heard, 'C', C).isNews).toBe(true);
    expect(receive(detected.heard, 'B').isNews).toBe(false);
  });
});

describe('a promotion that is detected', () => {
  test('is announced unless it was announced before on that node', () => {
    const promotion = { endpoint: B, promotionId: 'B' };
    expect(onDetected(nothingHeard, promotion).wasAnnounced).toBe(false);
    const { heard } = receive(nothingHeard, 'B');
    expect(onDetected(heard, promotion).wasAnnounced).toBe(true);
    expect(onDetected(heard, { ...promotion, promotionId: 'C' }).wasAnnounced).toBe(false);
    expect(onDetected(heard, { ...promotion, endpoint: C }).wasAnnounced).toBe(false);
  });
});

describe('a message on the channel', () => {
  const runId = 'a'.repeat(40);

  test('announces a promotion on the server that it names', () => {
    expect(readMessage(runId, writeMessage(runId, 'R2 run'))).toBe('R2 run');
    expect(readMessage('', writeMessage('', 'R2 run'))).toBe('R2 run');
  });

  test.each([
    ['was published on another server', writeMessage('b'.repeat(40), 'R2 run')],
    ['names no server', 'R2'],
    ['begins like the server', writeMessage(`${runId}b`, 'R2 run')],
    ['is empty', ''],
    ['is one character too long', writeMessage(runId, 'x'.repeat(260))],
    ['is twenty million blanks', ' '.repeat(20_000_000)],
  ])('announces nothing if it %s', (_, message) => {
    expect(readMessage(runId, message)).toBeUndefined();
  });

  test('of any promotion that is read is short', () => {
    expect(readMessage(runId, writeMessage(runId, 'x'.repeat(259)))).toHaveLength(259);
  });

  test('is measured before it is touched', () => {
    // Anything but its length would throw.
    expect(Reflect.apply(readMessage, undefined, [runId, { length: 301 }])).toBeUndefined();
    const touch = (): unknown => Reflect.apply(readMessage, undefined, [runId, { length: 300 }]);
    expect(touch).toThrow(TypeError);
  });
});
