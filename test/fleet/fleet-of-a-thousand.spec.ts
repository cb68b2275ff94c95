import { expect, test } from 'vitest';
import { A, B, C, faulty, master, replica } from '../topology/reports.js';
import { startVirtualFleet } from './virtual-fleet.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const fleets = [
  { apps: 1, perSecond: 200, calmMs: 5000, masterlessMs: 12_000 },
  { apps: 20, perSecond: 200, calmMs: 5000, masterlessMs: 12_000 },
  // Less time, because each probe costs.
  { apps: 200, perSecond: 800, calmMs: 2000, masterlessMs: 2500 },
  { apps: 1000, perSecond: 4000, calmMs: 600, masterlessMs: 1500 },
];

test.each(fleets)(
  '$apps apps together probe each node $perSecond times a second while there is no master, and all detect the next one at once',
  ({ apps, perSecond, calmMs: killedAt, masterlessMs }) => {
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
      for (let from = killedAt + 500; from + 1000 <= denseUntil; from += 1000) {
        const asked = world.asked(node, from, from + 1000);
        expect(asked).toBeGreaterThan(0.75 * perSecond);
        expect(asked).toBeLessThan(1.3 * perSecond);
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
  // It only computes: a busy machine makes it slower, not wrong.
  180_000,
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
