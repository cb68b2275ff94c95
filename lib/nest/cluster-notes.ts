import { merge, Observable, pairwise, startWith, switchMap, type Observable as Stream } from 'rxjs';
import { nameShard, type ClusterTopology } from '../cluster/cluster-topology.js';
import { Notices } from '../notices/notices.js';
import { describeChange, type ChangeNote } from '../topology/describe-change.js';
import { line } from '../topology/log-line.js';
import { initialResolution } from '../topology/resolve-topology.js';
import type { Topology } from '../topology/topology.js';
import { contestAlarms } from './contest-alarms.js';
import { alarmOnOutage } from './outage-alarm.js';

/** The log lines for the step from one state of the cluster to the next, apart from what happens within shards. */
export function clusterNotes(before: ClusterTopology, after: ClusterTopology): readonly ChangeNote[] {
  const [old, now] = [before.shards, after.shards].map((shards) => shards.map(({ id }) => id));
  const added = after.shards.filter(({ id }) => old?.includes(id) === false).map(nameShard);
  const gone = before.shards.filter(({ id }) => now?.includes(id) === false).map(nameShard);
  return [
    ...(added.length > 0
      ? [{ code: 'RR500' as const, level: 'log' as const, ...line`the cluster has ${{ shards: added }}` }]
      : []),
    ...(gone.length > 0
      ? [
          {
            code: 'RR501' as const,
            level: 'log' as const,
            ...line`the cluster no longer has ${{ shards: gone }}`,
          },
        ]
      : []),
    ...describeUnassigned(before, after),
  ];
}

function describeUnassigned(before: ClusterTopology, after: ClusterTopology): readonly ChangeNote[] {
  const count = after.unassignedSlots;
  if (after.kind === 'unknown' || (before.kind !== 'unknown' && count === before.unassignedSlots)) {
    return [];
  }
  if (count > 0) {
    return [
      {
        code: 'RR502',
        level: 'error',
        ...line`${{ unassignedSlots: count }} slots belong to no shard; commands for their keys are held`,
      },
    ];
  }
  return before.kind === 'unknown'
    ? []
    : [{ code: 'RR503', level: 'log', ...line`each slot belongs to a shard again` }];
}

/** The log lines about one shard, as about a replication group. Completes with the topology. */
export function shardNotes(topology$: Stream<Topology>, holdMs: number): Stream<ChangeNote> {
  const changes$ = topology$.pipe(
    startWith(initialResolution(0).topology),
    pairwise(),
    switchMap(([before, after]) => describeChange(before, after, { requireMajority: false })),
  );
  const outage$ = new Observable<ChangeNote>((subscriber) =>
    alarmOnOutage(topology$, new Notices((note) => subscriber.next(note)), holdMs).subscribe({
      complete: () => subscriber.complete(),
    }),
  );
  return merge(changes$, contestAlarms(topology$), outage$);
}
