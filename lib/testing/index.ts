import '../peers/require-main-peers.js';
export type { FailoverKind, FailoverOptions, GroupFailover } from './group/fail-over.js';
export type { RedisGroupOptions } from './group/group-options.js';
export type { EndFault, PartitionOptions } from './group/network-faults.js';
export { startRedisGroup, type RedisGroup } from './group/redis-group.js';
export type { TwoMastersKind } from './group/two-masters.js';
export type { Certificates } from './servers/certificates.js';
export type { CommandArguments } from './servers/control.js';
export type { RedisServer, RedisUser } from './servers/redis-server.js';
export { createFakeTopology, type FakeTopology, type FakeTopologyOptions } from './fakes/fake-topology.js';
export {
  createTestingConnections,
  type TestingConnections,
  type TestingConnectionsOptions,
} from './fakes/testing-connections.js';
export { failoverMatchers, type FailoverMatchers, type MatcherResult } from './traffic/failover-matchers.js';
export { startTraffic, type Traffic, type TrafficOptions, type TrafficReport } from './traffic/traffic.js';
