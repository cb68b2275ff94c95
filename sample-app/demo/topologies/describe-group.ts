import type { ServerGroup } from '../../../lib/testing/servers/server-group.js';

export function describeGroup({ master, replicas }: ServerGroup): string {
  return `Redis     master ${master.endpoint}, replicas ${replicas.map(({ endpoint }) => endpoint).join(', ')}`;
}
