import { masterOf } from '../../lib/topology/topology.js';
import type { Entry, NodeTruth, Sample } from './history.js';
import { KnownNodes } from './known-nodes.js';
import type { Operation } from './operations.js';
import { RECONNECT_MS, recoveryMsOf } from './settings.js';
import { Spell } from './spell.js';
import type { Terms, Violation } from './violation.js';

/** Checks that the writer reaches the right node in time, and writes to no stale one. */
export function checkRecovery(
  entries: readonly Entry[],
  operations: readonly Operation[],
  terms: Terms,
): readonly Violation[] {
  return [
    ...worksAfterHealing(entries, terms),
    ...followsPushes(entries, terms),
    ...findsProvableMaster(entries, terms),
    ...leavesStaleMaster(entries, operations, terms),
  ];
}

/** Time in which the replicas follow the master after the group was healed. */
const RESYNC_MS = 600;

function worksAfterHealing(entries: readonly Entry[], { settings }: Terms): readonly Violation[] {
  const healed = entries.find((entry) => entry.kind === 'milestone' && entry.name === 'healed');
  if (healed?.kind !== 'milestone') {
    return [];
  }
  const nodes = samplesOf(entries).find(({ at }) => at >= healed.at)?.nodes ?? [];
  const deadline = healed.at + RESYNC_MS + recoveryMsOf(settings, nodes);
  return (['write', 'read', 'publish'] as const).flatMap((what) => {
    const works = entries.find((entry) => entry.kind === 'milestone' && entry.name === `${what} works`);
    return works !== undefined && works.at <= deadline
      ? []
      : [
          {
            invariant: 'connections work again in time once all is well',
            text: `no ${what} within ${deadline - healed.at} ms, ${healed.node} is the master`,
            at: deadline,
          },
        ];
  });
}

/** The writer follows a change at once if a server pushes it and nothing else is wrong. */
function followsPushes(entries: readonly Entry[], { bounds, settings }: Terms): readonly Violation[] {
  // Without XREAD nothing is pushed, and a majority can take longer to agree.
  if (settings.rights === 'no XREAD' || settings.requireMajority) {
    return [];
  }
  const end = entries.find(
    (entry) => entry.kind === 'milestone' && (entry.name === 'healed' || entry.name === 'closing'),
  );
  return entries.flatMap((push) => {
    if (push.kind !== 'milestone' || push.name !== 'pushed') {
      return [];
    }
    const deadline = push.at + bounds.promptMs;
    const sample = samplesOf(entries).find(({ at }) => at >= deadline);
    const isOver = sample === undefined || (end !== undefined && sample.at >= end.at);
    return isOver || sample.writer === push.node
      ? []
      : [
          {
            invariant: 'a change that is pushed is followed at once',
            text: `the writer is on ${sample.writer}, not on ${push.node}, ${bounds.promptMs} ms after the push`,
            at: deadline,
          },
        ];
  });
}

/** Applies whenever there is one reachable, provable master for longer than the bound. */
function findsProvableMaster(entries: readonly Entry[], { bounds, settings }: Terms): readonly Violation[] {
  let accepted: { readonly node: string; readonly runId: string | undefined } | undefined;
  let proven: { readonly runId: string; readonly since: number } | undefined;
  const away = new Spell();
  const continued = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'milestone' && entry.name === 'closing') {
      break;
    }
    if (entry.kind === 'topology') {
      const node = masterOf(entry.topology);
      const shown = entry.topology.nodes.find(({ endpoint }) => endpoint === node);
      accepted =
        node === undefined ? accepted : { node, runId: shown && 'runId' in shown ? shown.runId : undefined };
    }
    if (entry.kind !== 'sample') {
      continue;
    }
    entry.sample.nodes.forEach(({ previousId }) => previousId !== undefined && continued.add(previousId));
    const unchallenged = settings.requireMajority ? undefined : accepted?.runId;
    const master = provableMaster(entry.sample, unchallenged, continued);
    proven = master && (proven?.runId === master.runId ? proven : { runId: master.runId, since: entry.at });
    away.note(entry.at, entry.sample.writer === master?.node ? undefined : 'away');
    if (master && proven && entry.at - proven.since > bounds.recoveryMs && away.lasts(RECONNECT_MS)) {
      return [
        {
          invariant: 'the writer is ready on a provable master in time',
          text: `it is on ${entry.sample.writer}, ${master.node} is the only master since ${proven.since}`,
          at: entry.at,
        },
      ];
    }
  }
  return [];
}

/**
 * The only reachable master, if all nodes are reachable and follow it, or if it is the accepted one and nobody has ever
 * continued its history: an heir, or a replica of one, may have shown itself for a moment.
 */
function provableMaster(
  { nodes }: Sample,
  acceptedRunId: string | undefined,
  continued: ReadonlySet<string>,
): NodeTruth | undefined {
  const reachable = nodes.filter((node) => node.reachable);
  const [master, second] = reachable.filter(({ role }) => role === 'master');
  if (master === undefined || second !== undefined || !master.isClear) {
    return undefined;
  }
  const others = reachable.filter((node) => node !== master);
  const isConfirmed =
    reachable.length === nodes.length && others.every(({ follows }) => follows === master.node);
  const isUnchallenged =
    master.runId === acceptedRunId && !continued.has(master.id) && others.every(({ id }) => id === master.id);
  return isConfirmed || isUnchallenged ? master : undefined;
}

/** A superseded master gets no writes once the app had time to probe its heir. */
function leavesStaleMaster(
  entries: readonly Entry[],
  operations: readonly Operation[],
  { bounds, settings }: Terms,
): readonly Violation[] {
  // An app on the old master does not find out where its names lead while that one says master.
  if (settings.rights === 'no INFO' || settings.story === 'names') {
    return [];
  }
  const byWriter = new Set(operations.flatMap(({ op, issued }) => (issued.via === 'reader' ? [] : [op])));
  const known = new KnownNodes();
  const staleSince = new Map<string, number>();
  const violations: Violation[] = [];
  let doubtful: (Entry & { readonly kind: 'written' })[] = [];
  for (const entry of entries) {
    if (entry.kind === 'topology') {
      known.learn(entry.topology);
    } else if (entry.kind === 'sample') {
      known.note(entry.sample.nodes);
      markStale(entry.sample, { known, staleSince, at: entry.at });
      // Counted only if the next sample agrees, because the node may have become a master again in between.
      violations.push(
        ...doubtful
          .filter(({ server }) => staleSince.has(server))
          .map((each) => describeStaleWrite(each, staleSince)),
      );
      doubtful = [];
    } else if (entry.kind === 'written' && byWriter.has(entry.op)) {
      const since = staleSince.get(entry.server) ?? Infinity;
      doubtful.push(...(entry.at - since > bounds.staleMs ? [entry] : []));
    }
  }
  return violations;
}

function describeStaleWrite(
  { op, server, at }: Entry & { readonly kind: 'written' },
  staleSince: ReadonlyMap<string, number>,
): Violation {
  return {
    invariant: 'nothing is written to a master that is provably stale',
    text: `${op} was written to ${server}, whose heir has been visible since ${staleSince.get(server)}`,
    at,
  };
}

interface Marks {
  readonly known: KnownNodes;
  readonly staleSince: Map<string, number>;
  readonly at: number;
}

function markStale({ nodes }: Sample, { known, staleSince, at }: Marks): void {
  for (const old of nodes) {
    const heir = nodes.find(
      (node) =>
        node.reachable &&
        node.role === 'master' &&
        node.previousId === old.id &&
        node.isClear &&
        known.isPromoted(node),
    );
    if (heir === undefined || old.role !== 'master' || !known.hasHistory(old)) {
      staleSince.delete(old.node);
    } else {
      staleSince.set(old.node, staleSince.get(old.node) ?? at);
    }
  }
}

function samplesOf(entries: readonly Entry[]): readonly (Sample & { readonly at: number })[] {
  return entries.flatMap((entry) => (entry.kind === 'sample' ? [{ ...entry.sample, at: entry.at }] : []));
}
