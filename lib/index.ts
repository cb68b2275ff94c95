// First, so that it speaks before a peer that is too old makes anything else fail.
import './peers/require-main-peers.js';
export type { ClusterTopology, ShardTopology } from './cluster/cluster-topology.js';
export type { SlotRange } from './cluster/slots.js';
export type {
  CommandEvent,
  ConnectionEvent,
  ConnectionIdentity,
  LineEvent,
  NotAppliedReason,
  RefusalReason,
  ResendReason,
  UnknownReason,
} from './connections/outcomes/connection-event.js';
export {
  NotAppliedError,
  ReadOnlyConnectionError,
  RefusedCommandError,
  UnknownOutcomeError,
} from './connections/outcomes/errors.js';
export type { Credentials, CredentialsProvider } from './credentials/credentials.js';
export type { TlsProvider } from './sockets/changing-tls.js';
export type { LostCommand, Resend } from './connections/outcomes/resend.js';
export type { RedisConnectionOptions } from './connections/ioredis/redis-options.js';
export type { RedisReplicationDiagnostics } from './diagnostics/publish-diagnostics.js';
export type { FailoverCause } from './history/cause.js';
export type { RedisFailovers } from './history/failover-history.js';
export type { FailoverCommands, FailoverPhases, FailoverRecord } from './history/failover-record.js';
export type { ClusterNodesOptions, RedisReplicationOptions } from './nest/options.js';
export {
  RedisReplicationConnections,
  type RedisReplicationConnection,
} from './nest/redis-replication-connections.js';
export {
  RedisReplicationModule,
  type RedisReplicationModuleAsyncOptions,
  type RedisReplicationModuleOptions,
  type RedisReplicationOptionsFactory,
} from './nest/redis-replication.module.js';
export {
  getRedisFailoversToken,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  InjectRedisFailovers,
  InjectRedisReader,
  InjectRedisTopology,
  InjectRedisWriter,
} from './nest/tokens.js';
export type { AllowedAddresses } from './sources/allowed-addresses.js';
export { discoverNodes, type DiscoverNodesOptions } from './sources/discover-nodes.js';
export { fromUrl, type UrlOptions } from './urls/from-url.js';
export type { UrlSettings } from './urls/redis-url.js';
export { mergeSources } from './sources/merge-sources.js';
export type {
  NodeSource,
  SourceContext,
  SourceNode,
  SourceNotices,
  SourceSecurity,
} from './sources/node-source.js';
export { primaryEndpoint, type PrimaryEndpointOptions } from './sources/primary-endpoint.js';
export type { ResolvedAddress } from './sources/resolve-name.js';
export { sentinelNodes, type SentinelNodesOptions } from './sources/sentinel/sentinel-nodes.js';
export { staticNodes } from './sources/static-nodes.js';
export { parseEndpoint, type Endpoint } from './topology/endpoint.js';
export type {
  AnsweredObservation,
  FaultyObservation,
  NodeFault,
  NodeReport,
  Observation,
  PendingObservation,
  ReplicaLink,
  ServerRole,
} from './topology/observation.js';
export type { LogCode } from './topology/log-code.js';
export type { LogLine } from './topology/log-line.js';
export type { ReplicationHistory } from './topology/lineage.js';
export type { ReadFrom } from './topology/pick.js';
export type { Signal, SignalKind } from './topology/signal.js';
export type {
  DataLoss,
  Failover,
  Proof,
  Topology,
  TopologyKind,
  TopologyNode,
  Unproven,
} from './topology/topology.js';
