import type { NodeGroupMember, ReplicationGroup } from '@aws-sdk/client-elasticache';
import type { SourceNode } from '../sources/node-source.js';
import { GroupFault } from './group-fault.js';

/**
 * The nodes of a group with cluster mode off, as the API describes them. A node that is being created has no endpoint yet,
 * and is left out.
 *
 * @throws GroupFault if cluster mode is on, or if no node has an endpoint.
 */
export function nodesOf(group: ReplicationGroup): readonly SourceNode[] {
  const shards = group.NodeGroups ?? [];
  if (group.ClusterEnabled === true || shards.length > 1) {
    const text = `cluster mode is on (${shards.length} shards); elastiCacheNodes follows groups with cluster mode off`;
    throw new GroupFault('ClusterModeEnabled', text);
  }
  const nodes = shards
    .flatMap(({ NodeGroupMembers = [] }) => NodeGroupMembers)
    .flatMap((member) => toNode(member, group));
  if (nodes.length === 0) {
    throw new GroupFault('NoEndpoints', `no node has an endpoint (status ${group.Status ?? 'unknown'})`);
  }
  return nodes;
}

function toNode(
  { ReadEndpoint, PreferredAvailabilityZone: zone, CurrentRole }: NodeGroupMember,
  { TransitEncryptionEnabled: tls }: ReplicationGroup,
): readonly SourceNode[] {
  const { Address: host = '', Port: port } = ReadEndpoint ?? {};
  if (host === '' || port === undefined) {
    return [];
  }
  const node: SourceNode = {
    host: host.toLowerCase(),
    port,
    ...(tls === true && { tls }),
    ...(zone !== undefined && zone !== '' && { zone }),
    ...(CurrentRole === 'primary' && { intended: 'master' }),
  };
  return [node];
}
