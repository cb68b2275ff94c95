import type { Pick } from '../../topology/pick.js';
import { isUntrusted } from '../../topology/topology-nodes.js';

/** What a server reports about itself in `INFO`; empty if the user may not run it. */
export interface ServerIdentity {
  readonly role?: string;
  readonly run_id?: string;
}

/** Compares role and run id: a host name can lead to several servers, and an observation can be outdated. */
export function matchesPick(pick: Pick & { readonly kind: 'use' }, identity: ServerIdentity): boolean {
  const expected = pick.role === 'master' ? 'master' : 'slave';
  return (identity.role === undefined || identity.role === expected) && isSameProcess(pick, identity.run_id);
}

/** A connection to a dead server process can stay open for a long time, as after a power failure, which closes no socket. */
export function isSameProcess({ node }: Pick & { readonly kind: 'use' }, runId: string | undefined): boolean {
  const observed = 'runId' in node ? node.runId : undefined;
  return runId === undefined || observed === undefined || runId === observed;
}

/**
 * Whether the process may be another one than this connection leads to, without a way to tell: the line was suspended, or
 * the observer had to connect anew, and a run id is unknown, because the user may not run `INFO` or others write into it.
 */
export function isInDoubt(
  { node }: Pick & { readonly kind: 'use' },
  { runId, wasSuspended }: { readonly runId: string | undefined; readonly wasSuspended: boolean },
): boolean {
  const observed = 'runId' in node ? node.runId : undefined;
  const isForgotten = runId !== undefined && observed === undefined && isUntrusted(node);
  return isForgotten || (wasSuspended && (runId === undefined || observed === undefined));
}
