import { from, map, mergeMap, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import { contestAlarms } from '../../lib/nest/contest-alarms.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { A, B, C, faulty, master, observe, replica, type ProbeResult } from '../topology/reports.js';

type Results = Readonly<Record<string, ProbeResult>>;
type Round = readonly [at: number, results: Results];

/** What is logged, and when, in virtual time. */
function alarms(...rounds: readonly Round[]): readonly (readonly [at: number, line: string])[] {
  const lines: [number, string][] = [];
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(() => {
    let resolution = initialResolution(0);
    const topology$ = from(rounds).pipe(
      mergeMap(([at, results]) => timer(at).pipe(map(() => observe({ at, results })))),
      map((observations) => (resolution = resolveTopology(resolution, observations)).topology),
    );
    contestAlarms(topology$).subscribe(({ level, text }) =>
      lines.push([scheduler.now(), `${level}: ${text}`]),
    );
  });
  return lines;
}

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const stranger = { ...healthy, [B]: master({ on: 'R8' }) };
const another = { ...healthy, [C]: master({ on: 'R9' }) };
const gone = { [A]: faulty('TIMEOUT'), [B]: faulty('TIMEOUT'), [C]: faulty('TIMEOUT') };
const heirs = { ...gone, [B]: master({ on: 'R2/R1@1' }), [C]: master({ on: 'R3/R1@1' }) };
const sole = { ...gone, [B]: master({ on: 'R8' }) };

const noHeir = 'and replication history does not show which one is the heir';
const splitOver = (first: string, second: string) =>
  `error: split brain: ${first} and ${second} claim to be the master, ${noHeir}`;
const withA = `${splitOver(A, B)}; writes stay with ${A}, generation 1`;
const isOver = `log: the contest is over: master is ${A}, generation 1`;

test('a contest of less than a second is worth no line, neither at its begin nor at its end', () => {
  expect(alarms([0, healthy], [1000, stranger], [1999, healthy], [9000, healthy])).toEqual([]);
});

test('a contest that lasts is told once, after a second, and so is its end', () => {
  const rounds = [1000, 1500, 2000, 2500, 60_000].map((at): Round => [at, stranger]);
  expect(alarms([0, healthy], ...rounds, [61_000, healthy], [62_000, healthy])).toEqual([
    [2000, withA],
    [61_000, isOver],
  ]);
});

test('thirty short contests, one after the other, are worth no line', () => {
  const rounds = Array.from({ length: 30 }, (_, index): readonly Round[] => [
    [1000 * index + 1, stranger],
    [1000 * index + 900, healthy],
  ]);
  expect(alarms([0, healthy], ...rounds.flat())).toEqual([]);
});

test('the second runs from the first claim, although the claimants change before it is over', () => {
  const rounds = [1000, 1900, 2800, 3700].map((at, index): Round => [
    at,
    index % 2 === 0 ? stranger : another,
  ]);
  expect(alarms([0, healthy], ...rounds).slice(0, 1)).toEqual([
    [2000, `${splitOver(A, C)}; writes stay with ${A}, generation 1`],
  ]);
});

test('another claimant is told at once, because the alarm was raised before', () => {
  expect(alarms([0, healthy], [1000, stranger], [5000, another], [6000, healthy])).toEqual([
    [2000, withA],
    [5000, `${splitOver(A, C)}; writes stay with ${A}, generation 1`],
    [6000, isOver],
  ]);
});

test('a second contest has a second of its own', () => {
  expect(alarms([0, healthy], [1000, stranger], [3000, healthy], [3500, stranger], [4400, healthy])).toEqual([
    [2000, withA],
    [3000, isOver],
  ]);
});

test('a contest that holds writes says what ends it', () => {
  expect(alarms([0, healthy], [1000, heirs])).toEqual([
    [2000, `${splitOver(B, C)}; writes are held: make one of them a replica of the other, generation 1`],
  ]);
});

test('the only claimant has a word of its own, and the moment at which time settles it', () => {
  expect(alarms([0, healthy], [1000, sole], [1500, sole], [4000, healthy])).toEqual([
    [
      2000,
      `error: unproven master: ${B} claims to be the master, but replication history does not show that it is the heir; ` +
        'writes are held: it is accepted at 1970-01-01T00:00:31.000Z unless a reachable node disputes it; ' +
        'replicas in step with it end this sooner, generation 1',
    ],
    [4000, isOver],
  ]);
});

test('a node that disputes the only claimant is told, because time does not settle it any more', () => {
  const disputed = { ...sole, [C]: replica({ on: 'R1', link: 'down' }) };
  const lines = alarms([0, healthy], [1000, sole], [3000, disputed]);
  expect(lines.map(([at]) => at)).toEqual([2000, 3000]);
  expect(lines[1]?.[1]).toContain(
    'writes are held: make the other nodes replicas of it, or bring the heir back, generation 1',
  );
});

test('the end of a contest in which the last claimant fell silent names no master', () => {
  expect(alarms([0, healthy], [1000, sole], [3000, gone])[1]).toEqual([
    3000,
    'log: the contest is over: no node claims to be the master, generation 1',
  ]);
});
