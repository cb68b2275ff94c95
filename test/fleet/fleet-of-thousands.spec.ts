import { expect, test } from 'vitest';
import { A, B, C, master, replica, faulty } from '../topology/reports.js';
import { startVirtualFleet } from './virtual-fleet.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const KILLED_AT = 5000;
const PROMOTED_AT = 17_000;

test.each([1, 20, 200, 10_000])(
  '%i apps together probe each node 200 times a second while there is no master, and all know the next one at once',
  (apps) => {
    const world = startVirtualFleet({ apps, nodes: healthy, seed: apps });
    world.runTo(KILLED_AT);
    world.change(A, faulty('REFUSED'));
    world.fleet.forEach(({ stream }) => stream.emit('connection closed', A));
    world.runTo(PROMOTED_AT);
    expect(world.fleet.every(({ master: known }) => known === '')).toBe(true);
    // Polls that were due already may have come in the first half second.
    for (const node of [B, C]) {
      for (let from = KILLED_AT + 1000; from + 1000 <= KILLED_AT + 10_000; from += 1000) {
        const asked = world.asked(node, from, from + 1000);
        expect(asked).toBeGreaterThan(apps === 1 ? 160 : 150);
        expect(asked).toBeLessThan(260);
      }
    }
    world.change(B, master({ on: 'R2/R1@1' }));
    world.runTo(PROMOTED_AT + 2000);
    const took = world.fleet.map(({ master: known, since }) =>
      known === B ? since - PROMOTED_AT : Infinity,
    );
    // An app that is alone probes less and less often by then.
    expect(Math.max(...took)).toBeLessThan(apps === 1 ? 300 : 60);
    // Each app probes once more than in its turn.
    expect(world.asked(B, PROMOTED_AT, PROMOTED_AT + 100)).toBeLessThan(apps * 1.05 + 60);
    expect(world.announced.length).toBeGreaterThan(0);
    expect(world.announced.length).toBeLessThan(6);
    world.close();
  },
  120_000,
);

test('a promotion without a signal is known to 200 apps within milliseconds, because they poll at different moments', () => {
  const world = startVirtualFleet({ apps: 200, nodes: healthy, seed: 1 });
  world.runTo(KILLED_AT);
  world.change(B, master({ on: 'R2/R1@1' }));
  world.runTo(KILLED_AT + 1000);
  const took = world.fleet.map(({ master: known, since }) => (known === B ? since - KILLED_AT : Infinity));
  expect(Math.max(...took)).toBeLessThan(40);
  world.close();
});
