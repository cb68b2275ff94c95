import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';

/**
 * How much speaks for a learned address, best first.
 *
 * - `proven`: a node of the user vouches for it, or a certificate does.
 * - `related`: it has answered with the history of a proven node. It may have learned that history as a replica.
 * - `untried`: it was not probed yet.
 * - `failed`: it was probed, and showed no history of the group.
 */
export type Standing = (typeof standings)[number];

const standings = ['proven', 'related', 'untried', 'failed'] as const;

export interface Candidate {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly standing: Standing;
  /** How many proven nodes name it. */
  readonly votes: number;
  /** Its place in the first list: servers list their replicas in the order in which these came. */
  readonly place: number;
}

interface Moment {
  readonly nodes: readonly { readonly endpoint: Endpoint }[];
  readonly admittedAt: readonly number[];
  readonly firstAdmittedAt?: number;
  readonly at: number;
  /** How many learned nodes may be followed. */
  readonly seats: number;
  /** Whether no master is known. */
  readonly seeking: boolean;
}

interface Choice {
  readonly nodes: readonly Candidate[];
  readonly admittedAt: readonly number[];
  readonly firstAdmittedAt?: number;
}

/** In this time, no more unproven addresses are taken up than may be followed at once, however often the lists change. */
const ADMISSION_MS = 2000;
/** While there is no master, unproven newcomers are taken up only at first: they must not keep the first decision waiting. */
const OPENING_MS = 1000;

/**
 * Which of the candidates are followed. Pure and stable: of equals the ones that are followed already stay, then those that
 * the nodes list first.
 */
export function chooseNodes(candidates: readonly Candidate[], moment: Moment): Choice {
  const { at, seats, seeking, firstAdmittedAt } = moment;
  const followed = new Set(moment.nodes.map(({ endpoint }) => formatEndpoint(endpoint)));
  const recent = moment.admittedAt.filter((each) => at - each < ADMISSION_MS);
  const isClosed = seeking && firstAdmittedAt !== undefined && at - firstAdmittedAt >= OPENING_MS;
  let places = isClosed ? 0 : Math.max(0, seats - recent.length);
  const nodes: Candidate[] = [];
  const admittedAt = [...recent];
  for (const candidate of candidates.toSorted(byRank(followed))) {
    const isNewcomer = !followed.has(candidate.name) && candidate.standing !== 'proven';
    if (nodes.length < seats && (!isNewcomer || places > 0)) {
      nodes.push(candidate);
      if (isNewcomer) {
        places -= 1;
        admittedAt.push(at);
      }
    }
  }
  const first = firstAdmittedAt ?? admittedAt[0];
  return { nodes, admittedAt, ...(first !== undefined && { firstAdmittedAt: first }) };
}

function byRank(followed: ReadonlySet<string>) {
  const newcomer = ({ name }: Candidate) => (followed.has(name) ? 0 : 1);
  return (a: Candidate, b: Candidate): number =>
    standings.indexOf(a.standing) - standings.indexOf(b.standing) ||
    newcomer(a) - newcomer(b) ||
    b.votes - a.votes ||
    a.place - b.place ||
    (a.name < b.name ? -1 : 1);
}
