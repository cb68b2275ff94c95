import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { sharesHistory } from '../topology/lineage.js';
import type { AnsweredObservation, Observation } from '../topology/observation.js';
import { chooseNodes, type Candidate, type Standing } from './choose-nodes.js';

/** What discovery knows. Everything in it is bounded: answers by the nodes that are followed, the rest by what these name. */
export interface Learned {
  /** The learned nodes that are followed, beside the seeds. */
  readonly nodes: readonly LearnedNode[];
  /** Of the nodes that are followed. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** Of all addresses that could be followed. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** When unproven newcomers were followed, of late. */
  readonly admittedAt: readonly number[];
  /** When the first of all was. */
  readonly firstAdmittedAt?: number;
  /** When more addresses than may be followed were named last; absent if never, or long ago. */
  readonly crowdedAt?: number;
  /** When the nodes were chosen last, if some address waits to be followed. */
  readonly waitingSince?: number;
  /** An address that was left out because nothing proves it, and one that is not allowed. */
  readonly unproven?: string;
  readonly refused?: string;
}

export interface LearnedNode {
  readonly endpoint: Endpoint;
  readonly isProven: boolean;
}

interface Answer {
  readonly last?: AnsweredObservation;
  readonly reachable: boolean;
}

export interface DiscoveryRules {
  readonly seeds: readonly Endpoint[];
  readonly maxNodes: number;
  readonly requireProof: boolean;
  /** The address to dial for one that a node names; `undefined` if it is not to be followed. */
  readonly locate: (named: Endpoint) => Endpoint | undefined;
  readonly isAllowed: (address: Endpoint) => boolean;
  /** Whether a connection to this address proves by a certificate that it leads to a node of the user. */
  readonly isCertified: (address: Endpoint) => boolean;
}

export const nothingLearned: Learned = {
  nodes: [],
  answers: new Map(),
  standings: new Map(),
  admittedAt: [],
};

/** A group is smaller. What a node names beyond is not looked at, so that one reply costs a bounded time. */
const MAX_NAMED = 256;
/** How often the nodes are chosen anew while some address waits, in milliseconds, unless a proven node reports news. */
const CHOICE_GAP_MS = 100;
/** For how long the list must have been within its limit before it counts as within. */
const CROWDED_MS = 60_000;

/** What is known after one more observation. The same object if it says nothing new. */
export function learn(
  known: Learned,
  observation: Observation,
  { seeking, ...rules }: DiscoveryRules & { readonly seeking: boolean },
): Learned {
  const name = formatEndpoint(observation.endpoint);
  const before = known.answers.get(name);
  const last = observation.kind === 'answered' ? observation : before?.last;
  const answer: Answer = { ...(last && { last }), reachable: observation.kind === 'answered' };
  const isNews = !saysTheSame(before, answer);
  const { waitingSince, crowdedAt } = known;
  if (observation.kind === 'pending' || (!isNews && waitingSince === undefined && crowdedAt === undefined)) {
    return known;
  }
  const next = isNews ? { ...known, answers: new Map(known.answers).set(name, answer) } : known;
  const isUrgent = isNews && isProven(name, known, rules);
  // A crowd that changes all the time must not keep the app busy.
  return waitingSince !== undefined && !isUrgent && observation.at - waitingSince < CHOICE_GAP_MS
    ? next
    : choose(next, observation.at, { seeking, ...rules });
}

function choose(
  known: Learned,
  at: number,
  { seeking, ...rules }: DiscoveryRules & { readonly seeking: boolean },
): Learned {
  const { candidates, refused = known.refused } = findCandidates(known, rules);
  const eligible = rules.requireProof ? candidates.filter(isFollowable(rules)) : candidates;
  const unproven = candidates.find((each) => !eligible.includes(each))?.name ?? known.unproven;
  const seats = Math.max(0, rules.maxNodes - rules.seeds.length);
  const { nodes, ...admissions } = chooseNodes(eligible, { ...known, at, seats, seeking });
  const crowdedAt = eligible.length > seats ? at : known.crowdedAt;
  const isCrowded = crowdedAt !== undefined && at - crowdedAt < CROWDED_MS;
  const followed = new Set([...rules.seeds.map(formatEndpoint), ...nodes.map(({ name }) => name)]);
  return {
    nodes: nodes.map(({ endpoint, standing }) => ({ endpoint, isProven: standing === 'proven' })),
    answers: new Map([...known.answers].filter(([name]) => followed.has(name))),
    standings: new Map(candidates.map(({ name, standing }) => [name, standing])),
    ...admissions,
    ...(isCrowded && { crowdedAt }),
    ...(eligible.length > nodes.length && { waitingSince: at }),
    ...(unproven !== undefined && { unproven }),
    ...(refused !== undefined && { refused }),
  };
}

function isFollowable({ isCertified }: DiscoveryRules) {
  return ({ standing, endpoint }: Candidate) => standing === 'proven' || isCertified(endpoint);
}

function isProven(name: string, { nodes }: Learned, { seeds }: DiscoveryRules): boolean {
  return (
    seeds.some((seed) => formatEndpoint(seed) === name) ||
    nodes.some((node) => node.isProven && formatEndpoint(node.endpoint) === name)
  );
}

interface Found {
  readonly candidates: readonly Candidate[];
  readonly refused: string | undefined;
}

/** All addresses that could be followed: those that are named, and those that answer, because one may be the next master. */
function findCandidates(known: Learned, rules: DiscoveryRules): Found {
  const reports = [...known.answers.values()];
  const reachable = reports.filter((answer) => answer.reachable).flatMap(({ last }) => last ?? []);
  // While no master is reachable, the last answer of an unreachable node may be the only one that lists the next master.
  const consulted = reachable.some(({ report }) => report.role === 'master')
    ? reachable
    : reports.flatMap(({ last }) => last ?? []);
  const proven = findProven(known, consulted, rules);
  const own = consulted.filter(({ endpoint }) => proven.has(formatEndpoint(endpoint)));
  const addresses = new Map<string, Omit<Candidate, 'name' | 'standing'>>();
  let refused: string | undefined;
  const add = (endpoint: Endpoint, votes: number, place: number) => {
    const name = formatEndpoint(endpoint);
    const before = addresses.get(name) ?? { endpoint, votes: 0, place };
    addresses.set(name, { ...before, votes: before.votes + votes, place: Math.min(before.place, place) });
  };
  known.nodes
    .filter(({ endpoint }) => known.answers.get(formatEndpoint(endpoint))?.reachable === true)
    .forEach(({ endpoint }) => add(endpoint, 0, MAX_NAMED));
  for (const observation of consulted) {
    // What a false replica names must not outvote what the nodes of the user name.
    const votes = own.includes(observation) ? 1 : 0;
    for (const [place, endpoint] of namedBy(observation, rules).entries()) {
      if (rules.isAllowed(endpoint)) {
        add(endpoint, votes, votes === 1 ? place : MAX_NAMED);
      } else {
        refused ??= formatEndpoint(endpoint);
      }
    }
  }
  rules.seeds.forEach((seed) => addresses.delete(formatEndpoint(seed)));
  const standing = (name: string) => standingOf(name, { known, proven, own });
  const candidates = [...addresses].map(([name, each]) => ({ name, ...each, standing: standing(name) }));
  return { candidates, refused };
}

/**
 * The addresses that are proven: seeds, those that answered over a connection with a certificate of the user, and those
 * from which a proven node replicates, because only an administrator can tell it to. A master lists as its replica
 * whoever may run `PSYNC`, so its list proves nothing. A proof is remembered while the address is followed.
 */
function findProven(
  { nodes }: Learned,
  consulted: readonly AnsweredObservation[],
  rules: DiscoveryRules,
): ReadonlySet<string> {
  const proven = new Set(rules.seeds.map(formatEndpoint));
  nodes.filter((node) => node.isProven).forEach(({ endpoint }) => proven.add(formatEndpoint(endpoint)));
  consulted
    .filter(({ endpoint }) => rules.isCertified(endpoint))
    .forEach(({ endpoint }) => proven.add(formatEndpoint(endpoint)));
  let before: number;
  do {
    before = proven.size;
    for (const observation of consulted) {
      const { follows } = observation.report;
      if (follows !== undefined && proven.has(formatEndpoint(observation.endpoint))) {
        locateFrom(observation.endpoint, follows, rules).forEach((each) => proven.add(formatEndpoint(each)));
      }
    }
  } while (proven.size > before);
  return proven;
}

function namedBy({ endpoint, report }: AnsweredObservation, rules: DiscoveryRules): readonly Endpoint[] {
  return report.named.slice(0, MAX_NAMED).flatMap((named) => locateFrom(endpoint, named, rules));
}

/** Nodes that a node with TLS names have TLS, too. */
function locateFrom({ tls }: Endpoint, named: Endpoint, { locate }: DiscoveryRules): readonly Endpoint[] {
  const located = locate({ ...named, ...(tls === true && { tls }) });
  return located === undefined ? [] : [located];
}

interface Grounds {
  readonly known: Learned;
  readonly proven: ReadonlySet<string>;
  /** The answers of the nodes that are proven. */
  readonly own: readonly AnsweredObservation[];
}

function standingOf(name: string, { known, proven, own }: Grounds): Standing {
  if (proven.has(name)) {
    return 'proven';
  }
  const before = known.standings.get(name);
  const answer = known.answers.get(name);
  if (answer === undefined || before === 'related') {
    return before ?? 'untried';
  }
  const isRelated = own.some(({ report }) => answer.last && sharesHistory(report, answer.last.report));
  return isRelated ? 'related' : 'failed';
}

function saysTheSame(before: Answer | undefined, now: Answer): boolean {
  const [a, b] = [before?.last?.report, now.last?.report];
  return (
    before?.reachable === now.reachable &&
    a?.role === b?.role &&
    a?.history?.id === b?.history?.id &&
    namesOf(a?.follows) === namesOf(b?.follows) &&
    namesOf(...(a?.named ?? [])) === namesOf(...(b?.named ?? []))
  );
}

function namesOf(...endpoints: readonly (Endpoint | undefined)[]): string {
  return endpoints
    .slice(0, MAX_NAMED)
    .map((each) => each && formatEndpoint(each))
    .join();
}
