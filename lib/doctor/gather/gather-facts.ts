import {
  firstValueFrom,
  map,
  merge,
  of,
  switchMap,
  take,
  takeUntil,
  timer,
  last,
  type Observable,
} from 'rxjs';
import { monotonicMs } from '../../clock/clock.js';
import { connectLimitMs } from '../../nest/observing.js';
import { dial as openSocket, type Dial } from '../../sockets/dial.js';
import type { Endpoint } from '../../topology/endpoint.js';
import type { Facts, SourceKind } from '../facts.js';
import { askSentinels, type SentinelGroup } from './ask-sentinels.js';
import { gatherAnnounced } from './gather-announced.js';
import { gatherNode } from './gather-node.js';
import type { Observation, Observed } from './observe-group.js';
import { setupOf } from './setup-of.js';
import { resolveNames, systemNames, type Names } from './resolve-names.js';

/** What is examined. */
export interface Subject {
  readonly source: SourceKind;
  /** The endpoints that the user names. */
  readonly given: readonly Endpoint[];
  readonly sentinels?: SentinelGroup;
  readonly names?: Names;
  readonly dial?: Dial;
}

/** Gathers all that the checks look at, over connections of its own. Changes nothing, and never rejects. */
export async function gatherFacts(subject: Subject, observation: Observation): Promise<Facts> {
  const { source, given, sentinels, dial = openSocket } = subject;
  const { options, mode } = observation;
  const { family } = options.redis;
  const limitMs = connectLimitMs(options.replyTimeoutMs);
  const startedAt = monotonicMs();
  const asked = sentinels && askSentinels(sentinels, { dial, family, limitMs });
  const observed = await whenSettled(observation.observed$, limitMs + EXTRA_MS);
  const subjects = observed.groups.flatMap(({ topology, key }) =>
    topology.nodes.map((node) => ({ node, key })),
  );
  const hosts = [...given, ...subjects.map(({ node }) => node.address)].map(({ host }) => host);
  const names = await resolveNames(hosts, subject.names ?? systemNames(family), limitMs);
  const nodes = await Promise.all(subjects.map((each) => gatherNode(each, { options, mode, dial, names })));
  const dialling = { dial, options: { family, connectTimeoutMs: limitMs } };
  return {
    setup: setupOf(source, options),
    groups: observed.groups.map(({ key: _key, ...group }) => group),
    nodes,
    names,
    announced: await gatherAnnounced(nodes, names, dialling),
    sentinels: (await asked) ?? [],
    unassignedSlots: observed.unassignedSlots,
    notes: observation.notes(),
    tookMs: Math.round(monotonicMs() - startedAt),
  };
}

/** A node that hangs is known as such after the limit of a connection attempt, and a majority agrees for a second. */
const EXTRA_MS = 500;
/**
 * How long a state has to last. A source that learns of nodes needs a moment after the first ones have answered, and a
 * promotion that is under way some more. A contest may end within the limit, by a majority.
 */
const QUIET_MS = { settled: 100, idle: 300 };

/** The first state that stays as it is for a moment and leaves nothing open, or the last one before the limit. */
async function whenSettled(observed$: Observable<Observed>, limitMs: number): Promise<Observed> {
  const nothing: Observed = { kind: 'open', groups: [], unassignedSlots: 0 };
  const settled$ = observed$.pipe(
    switchMap((observed) =>
      observed.kind === 'open' ? [] : timer(QUIET_MS[observed.kind]).pipe(map(() => observed)),
    ),
    take(1),
  );
  const latest$ = merge(of(nothing), observed$).pipe(takeUntil(timer(limitMs)), last());
  return firstValueFrom(merge(settled$, latest$));
}
