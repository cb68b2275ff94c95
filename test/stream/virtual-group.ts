import {
  defer,
  filter,
  finalize,
  map,
  NEVER,
  repeat,
  tap,
  timer,
  VirtualTimeScheduler,
  type Observable,
} from 'rxjs';
import type { NodeSource } from '../../lib/sources/node-source.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import type { NodeObserver } from '../../lib/stream/node-observer.js';
import { createTopologyStream } from '../../lib/stream/topology-stream.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import type { Observation } from '../../lib/topology/observation.js';
import type { Topology } from '../../lib/topology/topology.js';
import { observe, pending, type ProbeResult } from '../topology/reports.js';

export interface VirtualProbe {
  readonly node: string;
  readonly at: number;
}

/** `hangs`: a probe of the node never ends. */
export type Saw = ProbeResult | 'hangs';

export interface VirtualGroupOptions {
  readonly nodes: Readonly<Record<string, Saw>>;
  /** Default: a source that always lists all nodes. */
  readonly source?: NodeSource;
  /** Returned in turn, starting over at the end. Default 0.5. */
  readonly randoms?: readonly number[];
  /** How many apps watch each node. Default 1, this one. */
  readonly fleet?: number;
}

/** A topology stream over nodes that answer at once, on a clock that the test moves. No I/O. */
export function startVirtualGroup({ nodes, source, randoms = [0.5], fleet = 1 }: VirtualGroupOptions) {
  const scheduler = new VirtualTimeScheduler();
  const reports: Record<string, Saw> = { ...nodes };
  const probes: VirtualProbe[] = [];
  const observers: string[] = [];
  const notes: string[] = [];
  const announced: string[] = [];
  const fleets = new Map<string, NodeObserver['fleet']>();
  const observeNode = (observer: NodeObserver) => {
    const node = formatEndpoint(observer.endpoint);
    observer.fleet.resize({ kind: 'counted', size: fleet });
    observer.fleet.announcements$.subscribe((id) => announced.push(`${node}: ${id}`));
    fleets.set(node, observer.fleet);
    const probe = () => {
      probes.push({ node, at: scheduler.now() });
      return reports[node] ?? pending;
    };
    return observeVirtually(observer, { scheduler, probe, onEvent: (event) => observers.push(event) });
  };
  const stream = createTopologyStream({
    source: source ?? staticNodes(Object.keys(nodes)),
    observe: observeNode,
    ...plainSettings,
    notify: ({ text }) => notes.push(text),
    scheduler,
    random: inTurn(randoms),
  });
  return {
    stream,
    probes,
    observers,
    notes,
    /** The announcements of this app, each with the node on which it was published. */
    announced,
    /** Receives an announcement that another app published on a node. */
    receive: (node: string, promotionId: string) => fleets.get(node)?.receive(promotionId),
    /** The moments at which a node was probed, from `since` on. */
    probesOf: (node: string, since = 0) =>
      probes.filter((each) => each.node === node && each.at >= since).map(({ at }) => at),
    change: (node: string, saw: Saw) => (reports[node] = saw),
    ...movable(scheduler),
  };
}

const plainSettings = {
  cadence: { pollIntervalMs: 500, sweepGapMs: 5, sweepGapMaxMs: 250, denseMs: 10_000 },
  epochOffsetMs: () => 0,
};

function inTurn(values: readonly number[]): () => number {
  let drawn = 0;
  return () => values[drawn++ % values.length] ?? 0;
}

function movable(scheduler: VirtualTimeScheduler) {
  return {
    /** Schedules an action at a moment in the future. */
    at(ms: number, happen: () => void): void {
      scheduler.schedule(happen, ms - scheduler.now());
    },
    /** Runs the clock up to and including this moment. */
    runTo(ms: number): void {
      scheduler.maxFrames = ms;
      scheduler.flush();
    },
  };
}

export type VirtualGroup = ReturnType<typeof startVirtualGroup>;

interface VirtualNode {
  readonly scheduler: VirtualTimeScheduler;
  readonly onEvent: (event: string) => void;
  readonly probe: () => Saw;
}

function observeVirtually(
  observer: NodeObserver,
  { scheduler, onEvent, probe }: VirtualNode,
): Observable<Observation> {
  const node = formatEndpoint(observer.endpoint);
  return defer(() => {
    onEvent(`${node} begins`);
    const seen: Observation[] = [];
    return defer(() => {
      const signal = observer.beginProbe();
      const saw = probe();
      return saw === 'hangs'
        ? NEVER
        : timer(0, scheduler).pipe(
            map(() => observe({ at: scheduler.now(), results: { [node]: saw }, signal })[0]),
          );
    }).pipe(
      filter((observation) => observation !== undefined),
      tap((observation) => seen.splice(0, 1, observation)),
      repeat({ delay: () => seen.map((last) => observer.nextProbe(last))[0] ?? NEVER }),
      finalize(() => onEvent(`${node} ends`)),
    );
  });
}

/** Records what a subscriber receives, from now on. */
export function record({ stream }: VirtualGroup) {
  const values: Topology[] = [];
  const ends: string[] = [];
  stream.topology$.subscribe({
    next: (topology) => values.push(topology),
    error: (error: unknown) => ends.push(`error ${String(error)}`),
    complete: () => ends.push('complete'),
  });
  return {
    values,
    ends,
    kinds: () => values.map(({ kind }) => kind),
    last: () => values.at(-1),
  };
}
