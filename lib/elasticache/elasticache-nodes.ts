import type { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { defer, distinctUntilChanged, filter, map, tap } from 'rxjs';
import { allow, durationMs, findFaults, isPlainObject, text, throwFaults } from '../options/rules.js';
import type { NodeSource, SourceNode } from '../sources/node-source.js';
import { askInTurns, type Outcome } from './ask-in-turns.js';
import { FaultNotices } from './fault-notices.js';
import { describeGroup } from './describe-group.js';
import { nodesOf } from './group-nodes.js';

/** @publicApi */
export interface ElastiCacheNodesOptions {
  /** The replication group (console: cluster) to follow. */
  readonly replicationGroupId: string;
  /**
   * An `ElastiCacheClient` of `@aws-sdk/client-elasticache`. Region, credentials, proxies and retries are its own; it needs
   * the permission for `elasticache:DescribeReplicationGroups` on the group.
   */
  readonly client: Pick<ElastiCacheClient, 'send'>;
  /**
   * How often the API is asked if there is no signal, in milliseconds (5000 to 2147483647); 10 % of jitter is added. All
   * apps of an account share one limit of calls, so a large fleet should ask less often. Default 60 000.
   */
  readonly refreshIntervalMs?: number;
}

/** Never more often, whatever the signals are. */
const MIN_GAP_MS = 5000;
const MAX_GAP_MS = 300_000;

const rules = {
  replicationGroupId: text,
  client: allow(
    'an ElastiCacheClient of @aws-sdk/client-elasticache',
    (value) => isPlainObject(value) && 'send' in value && typeof value.send === 'function',
  ),
  refreshIntervalMs: durationMs(MIN_GAP_MS),
};

/**
 * The nodes of an AWS ElastiCache replication group with cluster mode off: each with its own endpoint and availability
 * zone, and with TLS where the group encrypts in transit. The one with the current role `primary` is the intended master.
 * Nodes that are added or removed follow.
 *
 * The API is asked every `refreshIntervalMs`, at once after a signal that follows a quiet time or when the master is lost,
 * and then 5, 10, 20 … seconds later. A failover does not wait for it: the nodes themselves are probed. If a call fails
 * (throttled, denied, no such group, cluster mode on, no network), the nodes already known stay in use, the log names the
 * error once, and the next call waits longer each time, up to five minutes.
 *
 * @throws TypeError if an option is wrong.
 * @publicApi
 */
export function elastiCacheNodes(options: ElastiCacheNodesOptions): NodeSource {
  throwFaults(
    findFaults(rules, options, { required: ['replicationGroupId', 'client'] }),
    'elastiCacheNodes: ',
  );
  const { replicationGroupId, client, refreshIntervalMs = 60_000 } = options;
  const gaps = {
    calmGapMs: refreshIntervalMs,
    minGapMs: MIN_GAP_MS,
    maxGapMs: Math.max(MAX_GAP_MS, refreshIntervalMs),
  };
  return (context) =>
    defer(() => {
      const { scheduler, notices } = context;
      const ask = () => describeGroup({ client, replicationGroupId, scheduler }).pipe(map(nodesOf));
      const faults = new FaultNotices(replicationGroupId, notices);
      return askInTurns(ask, { context, gaps, random: () => Math.random() }).pipe(
        tap((outcome) => (outcome.kind === 'failed' ? faults.raise(outcome.error) : faults.end())),
        filter(isAnswered),
        map(({ value }) => value),
        distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
      );
    });
}

function isAnswered(
  outcome: Outcome<readonly SourceNode[]>,
): outcome is Outcome<readonly SourceNode[]> & { readonly kind: 'answered' } {
  return outcome.kind === 'answered';
}
