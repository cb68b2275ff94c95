import type { ChangeNote } from './describe-change.js';
import { masterOf, type Topology, type Unproven } from './topology.js';

type Contested = Topology & { readonly kind: 'contested' };

/** Several claims are a split brain; one that nothing proves is a word of its own, because there is no second master. */
export function isSplitBrain({ claimants }: Contested): boolean {
  return claimants.length > 1;
}

/** Why a claim is contested, in words for an operator. */
export function whyContested(topology: Contested): string {
  const { claimants, nodes } = topology;
  const names = claimants.join(' and ');
  if (isSplitBrain(topology)) {
    return `${names} claim to be the master, and replication history does not show which one is the heir`;
  }
  return nodes.some(({ kind }) => kind === 'stale')
    ? `${names} claims to be the master, but the replication history of another node shows that it was superseded`
    : `${names} claims to be the master, but replication history does not show that it is the heir`;
}

/** What ends the wait for a master, and when, in words for an operator. */
export function whatEnds(topology: Contested): string {
  if (topology.settlesAt !== undefined) {
    return `it is accepted at ${timeOf(topology.settlesAt)} unless a reachable node disputes it; replicas in step with it end this sooner`;
  }
  return isSplitBrain(topology)
    ? 'make one of them a replica of the other'
    : 'make the other nodes replicas of it, or bring the heir back';
}

/** The alarm of a contest that lasts. */
export function describeContest(topology: Contested): ChangeNote {
  const word = isSplitBrain(topology) ? 'split brain' : 'unproven master';
  const fate =
    topology.master === undefined
      ? `writes are held: ${whatEnds(topology)}`
      : `writes stay with ${topology.master}`;
  return {
    code: isSplitBrain(topology) ? 'RR110' : 'RR111',
    level: 'error',
    text: `${word}: ${whyContested(topology)}; ${fate}, generation ${topology.generation}`,
  };
}

/** M20: a master was accepted without proof, and what that may cost. */
export function describeUnproven(before: Topology, after: Topology): readonly ChangeNote[] {
  const master = masterOf(after);
  if (before.unproven !== undefined && after.unproven === undefined) {
    // Another master, or none, is no proof of this one.
    return master !== undefined && before.generation === after.generation
      ? [
          {
            code: 'RR114',
            level: 'log',
            text: `master ${master} is proven by now, generation ${after.generation}`,
          },
        ]
      : [];
  }
  return before.unproven === undefined && after.unproven !== undefined && master !== undefined
    ? [{ code: 'RR113', level: 'error', text: `unproven master: ${master} ${whyUnproven(after.unproven)}` }]
    : [];
}

/** What it means that a master was accepted without proof, in words for an operator. */
export function whyUnproven({ before }: Unproven): string {
  const writes = before === undefined ? 'another node' : before;
  return `was accepted because no reachable node disputes it; writes that ${writes} acknowledged may be missing`;
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
