import type { Pick } from '../topology/pick.js';

/** What a server says of itself in `INFO`; empty where the user may not run it. */
export interface ServerWord {
  readonly role?: string;
  readonly run_id?: string;
}

/** A name can lead to several servers, and what was observed may be over: role and run id must both be as expected. */
export function keepsWord({ role, node }: Pick & { readonly kind: 'use' }, word: ServerWord): boolean {
  const expected = role === 'master' ? 'master' : 'slave';
  const runId = 'runId' in node ? node.runId : undefined;
  return (
    (word.role === undefined || word.role === expected) &&
    (word.run_id === undefined || runId === undefined || word.run_id === runId)
  );
}
