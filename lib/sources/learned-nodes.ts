import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { sharesHistory } from '../topology/lineage.js';
import type { Observation } from '../topology/observation.js';
import { MAX_NAMED, readAnswer, saysTheSame, type Answer, type AddressRules } from './node-answer.js';
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

export interface DiscoveryRules extends AddressRules {
  readonly seeds: readonly Endpoint[];
  readonly maxNodes: number;
  readonly requireProof: boolean;
  /** Whether a connection to this address proves by a certificate that it leads to a node of the user. */
  readonly isCertified: (address: Endpoint) => boolean;
}

export const nothingLearned: Learned = {
  nodes: [],
  answers: new Map(),
  standings: new Map(),
  admittedAt: [],
};

/** How many addresses are looked at of what a node names that nothing proves. */
const MAX_HEARSAY = 32;
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
  const isNews = !saysTheSame(before, observation);
  const { waitingSince, crowdedAt } = known;
  if (observation.kind === 'pending' || (!isNews && waitingSince === undefined && crowdedAt === undefined)) {
    return known;
  }
  const answer = isNews ? readAnswer(before, observation, rules) : undefined;
  const next = answer ? { ...known, answers: new Map(known.answers).set(name, answer) } : known;
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
  const answers = [...known.answers.values()].filter(({ report }) => report !== undefined);
  const reachable = answers.filter((answer) => answer.reachable);
  // While no master is reachable, the last answer of an unreachable node may be the only one that lists the next master.
  const consulted = reachable.some(({ report }) => report?.role === 'master') ? reachable : answers;
  const proven = findProven(known, consulted, rules);
  const own = consulted.filter(({ name }) => proven.has(name));
  const standing = (name: string) => standingOf(name, { known, proven, own });
  const addresses = new Map<string, Omit<Candidate, 'standing'>>();
  const add = ({ name, ...each }: Omit<Candidate, 'standing'>) => {
    const { endpoint, votes, place } = addresses.get(name) ?? { ...each, votes: 0 };
    addresses.set(name, { name, endpoint, votes: votes + each.votes, place: Math.min(place, each.place) });
  };
  for (const { endpoint } of known.nodes) {
    const name = formatEndpoint(endpoint);
    if (known.answers.get(name)?.reachable === true) {
      add({ name, endpoint, votes: 0, place: MAX_NAMED });
    }
  }
  for (const answer of consulted) {
    // What a false replica names must not outvote what the nodes of the user name.
    const isOwn = own.includes(answer);
    for (const [index, named] of answer.named.slice(0, isOwn ? MAX_NAMED : MAX_HEARSAY).entries()) {
      add({ ...named, votes: isOwn ? 1 : 0, place: isOwn ? index : MAX_NAMED });
    }
  }
  rules.seeds.forEach((seed) => addresses.delete(formatEndpoint(seed)));
  const refused = consulted.find((answer) => answer.refused !== undefined)?.refused;
  const candidates = [...addresses.values()].map((each) => ({ ...each, standing: standing(each.name) }));
  return { candidates, refused };
}

/**
 * The addresses that are proven: seeds, those that answered over a connection with a certificate of the user, and those
 * from which a proven node replicates, because only an administrator can tell it to. A master lists as its replica
 * whoever may run `PSYNC`, so its list proves nothing. A proof is remembered while the address is followed.
 */
function findProven(
  { nodes }: Learned,
  consulted: readonly Answer[],
  { seeds, isCertified }: DiscoveryRules,
): ReadonlySet<string> {
  const proven = new Set([
    ...seeds.map(formatEndpoint),
    ...nodes.filter((node) => node.isProven).map(({ endpoint }) => formatEndpoint(endpoint)),
    ...consulted.filter(({ endpoint }) => isCertified(endpoint)).map(({ name }) => name),
  ]);
  let before: number;
  do {
    before = proven.size;
    consulted
      .filter(({ name }) => proven.has(name))
      .forEach(({ follows }) => follows !== undefined && proven.add(follows));
  } while (proven.size > before);
  return proven;
}

interface Grounds {
  readonly known: Learned;
  readonly proven: ReadonlySet<string>;
  /** The answers of the nodes that are proven. */
  readonly own: readonly Answer[];
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
  const { report } = answer;
  const isRelated = own.some((each) => report && each.report && sharesHistory(each.report, report));
  return isRelated ? 'related' : 'failed';
}
