import type { NodeReport, ReplicaLink } from '../topology/observation.js';

/** The report in a `ROLE` reply, or `undefined` if it is from neither a master nor a replica. */
export function parseRole(reply: unknown): NodeReport | undefined {
  if (!Array.isArray(reply)) {
    return undefined;
  }
  const [role, ...rest] = reply.map((each: unknown) => (Array.isArray(each) ? each : String(each)));
  switch (role) {
    case 'master':
      return { role: 'master', offset: Number(rest[0]), named: [] };
    case 'slave':
      return { role: 'replica', offset: Number(rest[3]), link: linkOf(rest[2]), named: [] };
    default:
      return undefined;
  }
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
