import type { ChangeNote } from './describe-change.js';
import { line, withFacts } from './log-line.js';
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
  const { master, claimants, settlesAt, generation } = topology;
  const word = isSplitBrain(topology) ? line`split brain` : line`unproven master`;
  const fate =
    master === undefined
      ? line`writes are held: ${{ remedy: whatEnds(topology) }}`
      : line`writes stay with ${{ master }}`;
  const told = line`${word}: ${{ reason: whyContested(topology) }}; ${fate}, generation ${{ generation }}`;
  return {
    code: isSplitBrain(topology) ? 'RR110' : 'RR111',
    level: 'error',
    ...withFacts(told, { claimants, settlesAt }),
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
            ...line`master ${{ master }} is proven by now, generation ${{ generation: after.generation }}`,
          },
        ]
      : [];
  }
  if (before.unproven !== undefined || after.unproven === undefined || master === undefined) {
    return [];
  }
  const told = line`unproven master: ${{ master }} ${{ reason: whyUnproven(after.unproven) }}`;
  return [{ code: 'RR113', level: 'error', ...withFacts(told, { masterBefore: after.unproven.before }) }];
}

/** What it means that a master was accepted without proof, in words for an operator. */
export function whyUnproven({ before }: Unproven): string {
  const writes = before === undefined ? 'another node' : before;
  return `was accepted because no reachable node disputes it; writes that ${writes} acknowledged may be missing`;
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
