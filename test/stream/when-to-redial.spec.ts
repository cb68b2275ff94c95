import { NEVER, startWith, Subject, VirtualTimeScheduler } from 'rxjs';
import { expect, test } from 'vitest';
import { Gossip } from '../../lib/fleet/gossip.js';
import { NodeFleet } from '../../lib/fleet/node-fleet.js';
import { whenToRedial } from '../../lib/stream/when-to-redial.js';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import type { Signal, SignalKind } from '../../lib/topology/signal.js';
import { A, B } from '../topology/reports.js';

/** When a node is dialled anew within a second without a master, if these signals come every 10 ms. */
function redials(kind: SignalKind | undefined): readonly number[] {
  const scheduler = new VirtualTimeScheduler();
  const endpoint = parseEndpoint(B);
  const signals$ = new Subject<Signal>();
  const fleet = new NodeFleet({
    endpoint,
    gossip: new Gossip(scheduler),
    sharing: { gapMs: 5, maxGapMs: 250 },
    now: () => scheduler.now(),
    random: () => 0.5,
  });
  const dialled: number[] = [];
  const redialling = whenToRedial({
    endpoint,
    seeking$: NEVER.pipe(startWith(true)),
    signals$,
    fleet,
    scheduler,
  }).subscribe(() => dialled.push(scheduler.now()));
  for (let at = 0; at < 1100; at += 10) {
    scheduler.schedule(() => kind !== undefined && signals$.next({ kind, at, endpoint: A }), at);
  }
  scheduler.maxFrames = 1100;
  scheduler.flush();
  redialling.unsubscribe();
  return dialled;
}

test('while no master is known, a node is dialled anew once a second, and four times a second while there are signals', () => {
  expect(redials(undefined)).toEqual([1050]);
  expect(redials('connection closed')).toEqual([50, 300, 550, 800, 1050, 1050]);
});

test('announcements do not have a node dialled anew, so that no flood of them can', () => {
  expect(redials('announced')).toEqual([1050]);
});

test('events of a source do not either, because they say nothing of the connections', () => {
  expect(redials('source event')).toEqual([1050]);
});
