import type { NodeReport, ReplicaLink } from '../topology/observation.js';

/** The report in a `ROLE` reply, or `undefined` if it is from neither a master nor a replica. */
export function parseRole(reply: unknown): NodeReport | undefined {
  if (!Array.isArray(reply)) {
    return undefined;
  }
  const list: readonly unknown[] = reply;
  const [role, ...rest] = list;
  switch (role) {
    case 'master':
      return { role: 'master', ...offsetOf(rest[0]), named: [] };
    case 'slave':
      return { role: 'replica', ...offsetOf(rest[3]), link: linkOf(rest[2]), named: [] };
    default:
      return undefined;
  }
}

/** A replica whose link is not up reports -1. */
function offsetOf(value: unknown): { readonly offset?: number } {
  const offset = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(offset) ? { offset } : {};
}

function linkOf(state: unknown): ReplicaLink {
  switch (state) {
    case 'connected':
      return 'up';
    case 'sync':
      return 'syncing';
    default:
      return 'down';
  }
}
