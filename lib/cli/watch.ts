import {
  debounceTime,
  defer,
  from,
  lastValueFrom,
  map,
  pairwise,
  race,
  repeat,
  startWith,
  Subject,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { epochOffsetMs, monotonicMs } from '../clock/clock.js';
import type { Finding } from '../doctor/finding.js';
import type { Observation, Observed } from '../doctor/gather/observe-group.js';
import { describeChange } from '../topology/describe-change.js';
import { initialResolution } from '../topology/resolve-topology.js';
import { oneLine } from '../topology/safe-text.js';
import { masterOf } from '../topology/topology.js';
import { renderChange, renderText } from './render-text.js';
import type { ExitCode, Report } from './report.js';
import type { Terminal } from './terminal.js';

interface Watching {
  readonly observation: Observation;
  readonly examine: () => Promise<Report>;
  readonly intervalMs: number;
  readonly format: 'text' | 'json';
  readonly terminal: Pick<Terminal, 'out' | 'interrupted$'>;
}

/** After a failover, replicas need a moment to follow. */
const SETTLE_MS = 500;

/**
 * Prints the whole report once, then what changes: the topology at once, findings when all was looked at again. Returns the
 * exit code of the last report.
 */
export async function watch(watching: Watching): Promise<ExitCode> {
  const { observation, examine, intervalMs, terminal } = watching;
  const changed$ = new Subject<void>();
  let state: 'as examined' | 'changed' = 'changed';
  const following = observation.observed$
    .pipe(startWith(nothing), pairwise())
    .subscribe(([before, after]) => {
      tellTopology(before, after, watching);
      if (mastersOf(before) !== mastersOf(after)) {
        state = 'changed';
        changed$.next();
      }
    });
  const pause = () =>
    state === 'changed' ? timer(SETTLE_MS) : race(timer(intervalMs), changed$.pipe(debounceTime(SETTLE_MS)));
  const reports$ = defer(() => {
    state = 'as examined';
    return from(examine());
  }).pipe(
    repeat({ delay: pause }),
    startWith(undefined),
    pairwise(),
    tap(([before, after]) => after && tellReport({ before, after }, watching)),
    map(([, after]) => after?.exitCode ?? 0),
    takeUntil(terminal.interrupted$),
  );
  try {
    return await lastValueFrom(reports$, { defaultValue: 0 });
  } finally {
    following.unsubscribe();
  }
}

const nothing: Observed = { kind: 'open', groups: [], unassignedSlots: 0 };

/** A text that changes when a master does. */
function mastersOf({ groups }: Observed): string {
  return groups.map(({ topology }) => `${topology.kind} ${masterOf(topology) ?? ''}`).join();
}

function tellTopology(before: Observed, after: Observed, { format, terminal }: Watching): void {
  if (format === 'json') {
    return;
  }
  for (const { shard, topology } of after.groups) {
    const old = before.groups.find((each) => each.shard === shard)?.topology ?? initialResolution(0).topology;
    const name = shard === undefined ? '' : `${shard}: `;
    describeChange(old, topology, { requireMajority: false }).forEach(({ text }) =>
      terminal.out(`${timeNow()} ${oneLine(`${name}${text}`)}`),
    );
  }
}

interface Step {
  readonly before: Report | undefined;
  readonly after: Report;
}

function tellReport({ before, after }: Step, { format, terminal }: Watching): void {
  if (format === 'json') {
    terminal.out(JSON.stringify(after));
    return;
  }
  if (before === undefined) {
    terminal.out(renderText(after));
    return;
  }
  const begun = lacking(after.findings, before.findings);
  const ended = lacking(before.findings, after.findings);
  ended.forEach((each) => terminal.out(`${timeNow()} ${renderChange('ended', each)}`));
  begun.forEach((each) => terminal.out(`${timeNow()} ${renderChange('begun', each)}`));
}

/** Numbers in a text change all the time, so a finding is known by its id and node. */
function lacking(findings: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  const known = new Set(others.map(nameOf));
  return findings.filter((each) => !known.has(nameOf(each)));
}

function nameOf({ id, node = '' }: Finding): string {
  return `${id} ${node}`;
}

function timeNow(): string {
  return new Date(monotonicMs() + epochOffsetMs()).toISOString();
}
