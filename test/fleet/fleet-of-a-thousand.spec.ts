import { expect, test } from 'vitest';
import { A, B, C, faulty, master, replica } from '../topology/reports.js';
import { startVirtualFleet } from './virtual-fleet.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const fleets = [
  { apps: 1, calmMs: 5000, masterlessMs: 12_000 },
  { apps: 20, calmMs: 5000, masterlessMs: 12_000 },
  { apps: 200, calmMs: 5000, masterlessMs: 12_000 },
  // Less time, because it costs: polls in calm, and later dials to the dead master, are most of its probes.
  { apps: 1000, calmMs: 1000, masterlessMs: 4000 },
];

test.each(fleets)(
  '$apps apps together probe each node 200 times a second while there is no master, and all detect the next one at once',
  ({ apps, calmMs: killedAt, masterlessMs }) => {
    const promotedAt = killedAt + masterlessMs;
    const world = startVirtualFleet({ apps, nodes: healthy, seed: apps });
    world.runTo(killedAt);
    world.change(A, faulty('REFUSED'));
    world.fleet.forEach(({ stream }) => stream.emit('connection closed', A));
    world.runTo(promotedAt);
    expect(world.fleet.every(({ master: known }) => known === '')).toBe(true);
    // Polls that were due already may have come in the first half second; after ten, probes are no longer dense.
    const denseUntil = Math.min(promotedAt, killedAt + 10_000);
    for (const node of [B, C]) {
      for (let from = killedAt + 1000; from + 1000 <= denseUntil; from += 1000) {
        const asked = world.asked(node, from, from + 1000);
        expect(asked).toBeGreaterThan(apps === 1 ? 160 : 150);
        expect(asked).toBeLessThan(260);
      }
    }
    world.change(B, master({ on: 'R2/R1@1' }));
    world.runTo(promotedAt + 2000);
    const took = world.fleet.map(({ master: known, since }) => (known === B ? since - promotedAt : Infinity));
    // An app that is alone probes less often by then.
    expect(Math.max(...took)).toBeLessThan(apps === 1 ? 300 : 60);
    // Each probes once more than in its turn.
    expect(world.asked(B, promotedAt, promotedAt + 100)).toBeLessThan(apps * 1.05 + 60);
    expect(world.announced.length).toBeGreaterThan(0);
    expect(world.announced.length).toBeLessThan(6);
    world.close();
  },
  // The largest takes 2 s of one core. It only computes: a busy machine makes it slower, not wrong.
  60_000,
);

test('a promotion that no signal tells of is known to 200 apps within milliseconds, because they poll at different moments', () => {
  const world = startVirtualFleet({ apps: 200, nodes: healthy, seed: 1 });
  world.runTo(5000);
  world.change(B, master({ on: 'R2/R1@1' }));
  world.runTo(6000);
  const took = world.fleet.map(({ master: known, since }) => (known === B ? since - 5000 : Infinity));
  expect(Math.max(...took)).toBeLessThan(40);
  world.close();
});
