import { expect, test } from 'vitest';
import { initialResolution, resolveTopology, type Resolution } from '../../lib/topology/resolve-topology.js';
import type { Topology } from '../../lib/topology/topology.js';
import { A, B, C, D, faulty, master, observe, replica, type ProbeResult } from './reports.js';

interface Round {
  readonly at: number;
  readonly results: Readonly<Record<string, ProbeResult>>;
  /** What the source names as the intended master. Default: nothing. */
  readonly intended?: readonly string[];
  readonly acceptAfterMs?: number;
}

/** What follows from each round, one line each: kind, master, generation, proof. */
function play(...rounds: readonly Round[]): readonly string[] {
  return resolutions(rounds).map(({ topology }) => describe(topology));
}

function resolutions(rounds: readonly Round[]): readonly Resolution[] {
  let resolution = initialResolution(0);
  return rounds.map(({ intended = [], acceptAfterMs = 30_000, ...round }) => {
    const circumstances = {
      intended: new Set(intended),
      derived: new Set<string>(),
      acceptAfterMs,
      epochMs: 0,
    };
    const observations = observe(round);
    const before = resolution;
    resolution = resolveTopology(before, observations, circumstances);
    const again = resolveTopology(resolution, observations, circumstances);
    expect(again.topology, `the round at ${round.at}, applied twice`).toEqual(resolution.topology);
    return resolution;
  });
}

function describe(topology: Topology): string {
  const { kind, generation, unproven, lastFailover } = topology;
  const name =
    'master' in topology && topology.master !== undefined ? (names.get(topology.master) ?? '?') : '-';
  const proof = lastFailover?.proof === undefined ? '' : ` by ${lastFailover.proof}`;
  return `${kind} ${name} ${generation}${proof}${unproven === undefined ? '' : ' unproven'}`;
}

const names = new Map(
  [A, B, C, D].map((endpoint, index): [string, string] => [endpoint, 'ABCD'[index] ?? '']),
);

const gone = faulty('REFUSED');
const follower = replica({ on: 'R1', offset: 100 });
const oldMaster = master({ on: 'R1', offset: 100 });
const heir = master({ on: 'R2/R1@101', offset: 150 });

/** A is accepted; it freezes, B is promoted and accepted. */
const promotedOfTwo: readonly Round[] = [
  { at: 0, results: { [A]: oldMaster, [B]: follower } },
  { at: 1000, results: { [A]: faulty('TIMEOUT'), [B]: heir } },
];
const promotedOfThree: readonly Round[] = promotedOfTwo.map(({ at, results }) => ({
  at,
  results: { ...results, [C]: follower },
}));
const accepted = ['steady A 1', 'steady B 2 by history'];

test('M18: with the heir dead for good, the old master is back once the replicas have followed it for a second', () => {
  const back = { [A]: oldMaster, [B]: gone, [C]: follower };
  expect(
    play(
      ...promotedOfThree,
      { at: 2000, results: back },
      { at: 2999, results: back },
      { at: 3000, results: back },
    ),
  ).toEqual([...accepted, 'contested - 2 by history', 'contested - 2 by history', 'steady A 3 by replicas']);
});

test('M18: an agreement that is interrupted begins anew', () => {
  const back = { [A]: oldMaster, [B]: gone, [C]: follower };
  const silent = { ...back, [C]: faulty('TIMEOUT') };
  const states = play(
    ...promotedOfThree,
    { at: 2000, results: back },
    { at: 2900, results: silent },
    { at: 3000, results: back },
    { at: 3900, results: back },
    { at: 4000, results: back },
  );
  expect(states.slice(-2)).toEqual(['contested - 2 by history', 'steady A 3 by replicas']);
});

test('M18: half of the known nodes are no majority', () => {
  const back = { [A]: oldMaster, [B]: gone, [C]: follower, [D]: gone };
  const states = play(...promotedOfThree, { at: 2000, results: back }, { at: 9000, results: back });
  expect(states.at(-1)).toBe('contested - 2 by history');
});

test('M20: with nobody to ask, the old master is back after 30 seconds, without proof', () => {
  const back = { [A]: oldMaster, [B]: gone };
  const all = resolutions([
    ...promotedOfTwo,
    { at: 2000, results: back },
    { at: 31_999, results: back },
    { at: 32_000, results: back },
    { at: 40_000, results: back },
  ]);
  const states = all.map(({ topology }) => describe(topology));
  expect(states.slice(2)).toEqual([
    'contested - 2 by history',
    'contested - 2 by history',
    'steady A 3 by unproven unproven',
    'steady A 3 by unproven unproven',
  ]);
  expect(all[2]?.topology).toMatchObject({ settlesAt: 32_000 });
  expect(all[3]?.topology).toMatchObject({ settlesAt: 32_000 });
  expect(all.at(-1)?.topology.unproven).toEqual({ since: 32_000, before: B });
});

test('M20: an heir that comes back wins by its history, and the loss of what was written meanwhile is reported', () => {
  const back = { [A]: oldMaster, [B]: gone };
  const [last] = resolutions([
    ...promotedOfTwo,
    { at: 2000, results: back },
    { at: 32_000, results: back },
    { at: 33_000, results: { [A]: master({ on: 'R1', offset: 400 }), [B]: heir } },
  ]).slice(-1);
  expect(last && describe(last.topology)).toBe('steady B 4 by history');
  expect(last?.topology.lastDataLoss).toMatchObject({ kind: 'not replicated', endpoint: B, bytes: 300 });
});

test.each([
  ['another claimant', master({ on: 'R7' })],
  ['a replica in step with somebody else', replica({ on: 'R7' })],
  ['a replica of the heir out of reach', replica({ on: 'R2/R1@101', link: 'down' })],
])('M20: %s stops the clock', (_, other) => {
  const disputed = { [A]: oldMaster, [B]: gone, [C]: other };
  const alone = { ...disputed, [C]: gone };
  const states = play(
    ...promotedOfThree,
    { at: 2000, results: disputed },
    { at: 60_000, results: disputed },
    { at: 61_000, results: alone },
    { at: 90_999, results: alone },
    { at: 91_000, results: alone },
  );
  expect(states.slice(3)).toEqual([
    'contested - 2 by history',
    'contested - 2 by history',
    'contested - 2 by history',
    'steady A 3 by unproven unproven',
  ]);
});

test('M20: two claimants are never settled by time', () => {
  const two = { [A]: gone, [B]: gone, [C]: master({ on: 'R8' }), [D]: master({ on: 'R9' }) };
  expect(play(...promotedOfThree, { at: 2000, results: two }, { at: 900_000, results: two }).at(-1)).toBe(
    'contested - 2 by history',
  );
});

test('M20: without a limit the claim is held for ever', () => {
  const back = { [A]: oldMaster, [B]: gone };
  const rounds = [2000, 900_000].map((at) => ({ at, results: back, acceptAfterMs: Infinity }));
  const [last] = resolutions([...promotedOfTwo, ...rounds]).slice(-1);
  expect(last && describe(last.topology)).toBe('contested - 2 by history');
  expect(last?.topology).not.toHaveProperty('settlesAt');
});

test('M20: a stranger that is the sole survivor is accepted after 30 seconds', () => {
  const stranger = { [A]: master({ on: 'R9', run: 'new' }), [B]: gone };
  const states = play(...promotedOfTwo, { at: 2000, results: stranger }, { at: 32_000, results: stranger });
  expect(states.slice(2)).toEqual(['contested - 2 by history', 'steady A 3 by unproven unproven']);
});

test('M20 ends when the replicas agree, and the failover keeps the grounds it had', () => {
  const back = { [A]: oldMaster, [B]: gone };
  const followed = { [A]: oldMaster, [B]: replica({ on: 'R1', run: 'new' }) };
  const states = play(
    ...promotedOfTwo,
    { at: 2000, results: back },
    { at: 32_000, results: back },
    { at: 40_000, results: followed },
    { at: 41_000, results: followed },
  );
  expect(states.slice(-2)).toEqual(['steady A 3 by unproven unproven', 'steady A 3 by unproven']);
});

test('M8: a proof is not forgotten because the replica that gave it falls silent', () => {
  const witness = replica({ on: 'R2/R1@101', offset: 120 });
  const states = play(
    { at: 0, results: { [A]: oldMaster, [B]: gone, [C]: follower } },
    { at: 1000, results: { [A]: oldMaster, [B]: gone, [C]: witness } },
    { at: 1250, results: { [A]: oldMaster, [B]: gone, [C]: faulty('TIMEOUT') } },
    { at: 31_249, results: { [A]: oldMaster, [B]: gone, [C]: faulty('TIMEOUT') } },
    { at: 31_250, results: { [A]: oldMaster, [B]: gone, [C]: faulty('TIMEOUT') } },
  );
  expect(states).toEqual([
    'steady A 1',
    'contested - 1',
    'contested - 1',
    'contested - 1',
    'steady A 1 unproven',
  ]);
});

test('M8: a proof counts also for a master that hung while it could be seen', () => {
  const witness = replica({ on: 'R2/R1@101', offset: 120 });
  const states = play(
    { at: 0, results: { [A]: oldMaster, [B]: gone, [C]: follower } },
    { at: 1000, results: { [A]: faulty('TIMEOUT'), [B]: gone, [C]: witness } },
    { at: 1250, results: { [A]: faulty('TIMEOUT'), [B]: gone, [C]: gone } },
    { at: 1500, results: { [A]: oldMaster, [B]: gone, [C]: gone } },
  );
  expect(states.at(-1)).toBe('contested - 1');
});

test('M19: a stranger is accepted at once where the primary name leads to it, and to the accepted master no more', () => {
  expect(
    play(
      { at: 0, results: { [A]: oldMaster }, intended: [A] },
      { at: 1000, results: { [A]: gone, [B]: master({ on: 'R9' }) }, intended: [A] },
      { at: 1100, results: { [A]: gone, [B]: master({ on: 'R9' }) }, intended: [B] },
    ),
  ).toEqual(['steady A 1', 'contested - 1', 'steady B 2 by authority']);
});

test('M19: a name that lags behind is no authority over the master that was accepted since', () => {
  const frozen = { [A]: oldMaster, [B]: faulty('TIMEOUT') };
  const states = play(
    ...promotedOfTwo.map((round) => ({ ...round, intended: [A] })),
    { at: 2000, results: frozen, intended: [A] },
    { at: 9000, results: frozen, intended: [A] },
  );
  expect(states.at(-1)).toBe('contested - 2 by history');
});

test('M19: a name that has led to the accepted master and leads back is news', () => {
  const frozen = { [A]: oldMaster, [B]: faulty('TIMEOUT') };
  const states = play(
    ...promotedOfTwo.map((round) => ({ ...round, intended: [A] })),
    { at: 1500, results: { [A]: gone, [B]: heir }, intended: [B] },
    { at: 2000, results: frozen, intended: [B] },
    { at: 3000, results: frozen, intended: [A] },
  );
  expect(states.slice(-2)).toEqual(['contested - 2 by history', 'steady A 3 by authority']);
});

test('M19: an authority never outweighs an heir that can be reached', () => {
  const states = play(
    ...promotedOfTwo,
    { at: 2000, results: { [A]: oldMaster, [B]: heir }, intended: [B] },
    { at: 3000, results: { [A]: oldMaster, [B]: heir }, intended: [A] },
  );
  expect(states.at(-1)).toBe('steady B 2 by history');
});

test('M19: two claimants that are both intended stay contested', () => {
  const two = { [A]: gone, [C]: master({ on: 'R8' }), [D]: master({ on: 'R9' }) };
  const states = play(
    { at: 0, results: { [A]: oldMaster }, intended: [A] },
    { at: 1000, results: two, intended: [C, D] },
  );
  expect(states.at(-1)).toBe('contested - 1');
});

test('M7, M18: an app that starts settles the same claim by the same rules', () => {
  const witnessed = { [A]: oldMaster, [B]: gone, [C]: replica({ on: 'R2/R1@101', link: 'down' }) };
  const agreed = { [A]: oldMaster, [B]: gone, [C]: follower };
  expect(
    play({ at: 0, results: witnessed }, { at: 1000, results: agreed }, { at: 2000, results: agreed }),
  ).toEqual(['contested - 0', 'contested - 0', 'steady A 1']);
});
