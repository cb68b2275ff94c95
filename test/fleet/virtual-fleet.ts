import { defer, map, repeat, tap, timer, type Observable } from 'rxjs';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import type { NodeObserver } from '../../lib/stream/node-observer.js';
import { createTopologyStream } from '../../lib/stream/topology-stream.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import { masterOf } from '../../lib/topology/topology.js';
import { observe, pending, type ProbeResult } from '../topology/reports.js';
import { seededRandom } from '../topology/seeded-random.js';
import { HeapScheduler } from '../stream/heap-scheduler.js';

/** How long a probe takes, and a message from one app to all others. */
const PROBE_MS = 1;
const MESSAGE_MS = 0.5;

interface FleetOptions {
  readonly apps: number;
  readonly nodes: Readonly<Record<string, ProbeResult>>;
  readonly seed: number;
}

/** Many topology streams over the same nodes, one for each app, on one clock that the test moves. No I/O. */
export function startVirtualFleet({ apps, nodes, seed }: FleetOptions) {
  const scheduler = new HeapScheduler();
  const { below } = seededRandom(seed);
  const world = createNodes(nodes, apps, scheduler);
  const fleet = Array.from({ length: apps }, () => {
    const stream = createTopologyStream({
      source: staticNodes(Object.keys(nodes)),
      observe: world.observe,
      cadence: { pollIntervalMs: 500, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 },
      notify: () => undefined,
      scheduler,
      epochOffsetMs: () => 0,
      random: () => below(2 ** 30) / 2 ** 30,
    });
    const app = { stream, master: '', since: 0 };
    stream.topology$.subscribe((topology) => {
      const master = masterOf(topology) ?? '';
      if (master !== app.master) Object.assign(app, { master, since: scheduler.now() });
    });
    return app;
  });
  return {
    fleet,
    announced: world.announced,
    change: world.change,
    asked: world.asked,
    runTo: (ms: number) => scheduler.runTo(ms),
    close: () => fleet.forEach(({ stream }) => stream.close()),
  };
}

function createNodes(nodes: Readonly<Record<string, ProbeResult>>, apps: number, scheduler: HeapScheduler) {
  const reports: Record<string, ProbeResult> = { ...nodes };
  const probes = new Map(Object.keys(nodes).map((node): [string, number[]] => [node, []]));
  const members = new Map(Object.keys(nodes).map((node): [string, NodeObserver[]] => [node, []]));
  const announced: string[] = [];
  const publish = (node: string, promotionId: string) => {
    announced.push(node);
    scheduler.schedule(
      () => members.get(node)?.forEach(({ fleet }) => fleet.receive(promotionId)),
      MESSAGE_MS,
    );
  };
  return {
    announced,
    change: (node: string, saying: ProbeResult) => (reports[node] = saying),
    /** How often a node was probed from one moment to another. */
    asked: (node: string, from: number, to: number) =>
      (probes.get(node) ?? []).filter((at) => at >= from && at < to).length,
    observe(observer: NodeObserver): Observable<Observation> {
      const node = formatEndpoint(observer.endpoint);
      observer.fleet.resize({ kind: 'counted', size: apps });
      members.get(node)?.push(observer);
      observer.fleet.announcements$.subscribe((id) => publish(node, id));
      return probeRepeatedly(observer, scheduler, (signal) => {
        const at = scheduler.now();
        probes.get(node)?.push(at);
        return observe({ at, results: { [node]: reports[node] ?? pending }, signal })[0];
      });
    },
  };
}

function probeRepeatedly(
  observer: NodeObserver,
  scheduler: HeapScheduler,
  probe: (signal: Observation['signal']) => Observation | undefined,
): Observable<Observation> {
  let last: Observation | undefined;
  return defer(() => {
    const signal = observer.beginProbe();
    return timer(PROBE_MS, scheduler).pipe(map(() => probe(signal)));
  }).pipe(
    map((observation) => observation ?? fail()),
    tap((observation) => (last = observation)),
    repeat({ delay: () => observer.nextProbe(last ?? fail()) }),
  );
}

function fail(): never {
  throw new Error('No observation was made');
}
