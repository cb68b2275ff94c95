import { masterOf, type Topology } from '../../lib/topology/topology.js';
import type { NodeTruth } from './history.js';
import { KnownNodes } from './known-nodes.js';
import { Spell } from './spell.js';

interface Limits {
  readonly acceptAfterMs: number | false;
  readonly replyTimeoutMs: number;
  /** Time in which the app sees a proof. */
  readonly staleMs: number;
}

/** What there is to know of the claim of one server on one history. */
interface Claim {
  readonly id: string;
  readonly runId: string;
  readonly proven: Spell;
  readonly agreed: Spell;
  /** Whether it was accepted although it was proven to be over: its old witnesses prove nothing any more. */
  isReinstated: boolean;
  state: 'open' | 'over';
}

/** The majority must agree for a second, and the app may see the beginning of it a moment earlier or later. */
const AGREED_MS = 1000;
const SLACK_MS = 700;
const AGREED_SLACK_MS = 300;

/** Which masters were proven to be over, in a way that the app had time to see, although it may see it no more. */
export class Proofs {
  readonly #limits: Limits;
  readonly #claims = new Map<string, Claim>();
  readonly #known = new KnownNodes();
  /** The master that the app accepted last, and the one before it. */
  #accepted: readonly (string | undefined)[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  isOver(server: string): boolean {
    return this.#claims.get(server)?.state === 'over';
  }

  provenUntil(server: string): number | undefined {
    return this.#claims.get(server)?.proven.settledUntil;
  }

  /** What the app believes. */
  accept(topology: Topology): void {
    this.#known.learn(topology);
    const master = masterOf(topology);
    const [latest] = this.#accepted;
    this.#accepted = master === undefined || master === latest ? this.#accepted : [master, latest];
    const claim = this.#claims.get(master ?? '');
    if (claim !== undefined && (claim.proven.settledUntil !== undefined || topology.unproven !== undefined)) {
      claim.isReinstated ||= claim.state === 'open';
    }
  }

  /** What is true at this moment. */
  note(at: number, nodes: readonly NodeTruth[]): void {
    this.#known.note(nodes);
    for (const node of nodes) {
      const known = this.#claims.get(node.node);
      if (node.role !== 'master') {
        this.#claims.delete(node.node);
      } else {
        const isSame = known?.id === node.id && known.runId === node.runId;
        const claim = isSame ? known : begin(node);
        this.#claims.set(node.node, claim);
        this.#follow({ claim, node, nodes, at });
      }
    }
  }

  #follow({ claim, node, nodes, at }: Moment): void {
    const { acceptAfterMs, replyTimeoutMs, staleMs } = this.#limits;
    claim.agreed.note(at, node.reachable && hasMajority(node, nodes) ? 'agreed' : undefined);
    claim.proven.note(at, this.#proofAgainst(node, nodes, claim));
    claim.proven.settleAfter(staleMs);
    if (claim.proven.lasts(staleMs)) {
      claim.state = 'over';
    } else if (claim.state === 'over') {
      const until = claim.proven.settledUntil ?? at;
      const isForgotten = at - until >= (acceptAfterMs || Infinity) - SLACK_MS;
      const isAgreed = claim.agreed.lasts(AGREED_MS - AGREED_SLACK_MS - replyTimeoutMs);
      claim.state = isForgotten || isAgreed || this.#isConfirmed(node, nodes) ? 'open' : 'over';
    }
  }

  #proofAgainst(node: NodeTruth, nodes: readonly NodeTruth[], claim: Claim): string | undefined {
    if (!this.#known.hasHistory(node)) {
      return undefined;
    }
    const against = nodes.filter(
      (other) => other.reachable && other.isClear && other.previousId === node.id && !other.isSyncing,
    );
    const replicas = nodes.filter(({ role, isSilent }) => role === 'replica' && !isSilent);
    const witnesses = against.filter(({ role }) => role === 'replica');
    const heir = against.find((other) => other.role === 'master' && this.#known.isPromoted(other));
    const isWitnessed =
      node.reachable &&
      !claim.isReinstated &&
      witnesses.length > 0 &&
      witnesses.length * 2 >= replicas.length;
    return heir?.node ?? (isWitnessed ? 'witnesses' : undefined);
  }

  /** The accepted master is a replica now, and the app may see no replica that does not follow this claimant. */
  #isConfirmed(node: NodeTruth, nodes: readonly NodeTruth[]): boolean {
    const replicas = nodes.filter(({ role, isSilent }) => role === 'replica' && !isSilent);
    return (
      replicas.some(({ node: name }) => this.#accepted.includes(name)) &&
      replicas.some((replica) => isFollowerOf(node, replica))
    );
  }
}

interface Moment {
  readonly claim: Claim;
  readonly node: NodeTruth;
  readonly nodes: readonly NodeTruth[];
  readonly at: number;
}

function begin({ id, runId }: NodeTruth): Claim {
  return { id, runId, proven: new Spell(), agreed: new Spell(), isReinstated: false, state: 'open' };
}

/** More than half of all nodes, those out of reach included, are the claimant or replicate from it. */
export function hasMajority(claimant: NodeTruth, nodes: readonly NodeTruth[]): boolean {
  const followers = nodes.filter((node) => node.reachable && node.isClear && isFollowerOf(claimant, node));
  return (1 + followers.length) * 2 > nodes.length;
}

/** A replica of a replica is on the same history. */
function isFollowerOf(claimant: NodeTruth, { follows, id }: NodeTruth): boolean {
  return follows !== undefined && id === claimant.id;
}
