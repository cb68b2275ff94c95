import type { Pick } from '../../topology/pick.js';

/** What a server says of itself in `INFO`; empty where the user may not run it. */
export interface ServerIdentity {
  readonly role?: string;
  readonly run_id?: string;
}

/** A name can lead to several servers, and what was observed may be over: role and run id must both be as expected. */
export function matchesPick(pick: Pick & { readonly kind: 'use' }, word: ServerIdentity): boolean {
  const expected = pick.role === 'master' ? 'master' : 'slave';
  return (word.role === undefined || word.role === expected) && isSameProcess(pick, word.run_id);
}

/** A connection to a server process that is no more can stay open for long: as after a loss of power, when nobody closed it. */
export function isSameProcess({ node }: Pick & { readonly kind: 'use' }, runId: string | undefined): boolean {
  const observed = 'runId' in node ? node.runId : undefined;
  return runId === undefined || observed === undefined || runId === observed;
}
