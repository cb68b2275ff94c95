import {
  DescribeReplicationGroupsCommand,
  type DescribeReplicationGroupsCommandOutput,
  type ElastiCacheClient,
  type ReplicationGroup,
} from '@aws-sdk/client-elasticache';
import {
  defer,
  EMPTY,
  expand,
  finalize,
  from,
  map,
  reduce,
  throwError,
  timeout,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { GroupFault } from './group-fault.js';

/** The SDK sets no limit to the time of a call by itself. */
const LIMIT_MS = 15_000;
/** A page has at least 20 groups, and one group is asked for. The limit ends a loop of markers. */
const MAX_PAGES = 10;

export interface GroupQuestion {
  readonly client: Pick<ElastiCacheClient, 'send'>;
  readonly replicationGroupId: string;
  readonly scheduler: SchedulerLike;
}

/** Asks the API for one group, once. Fails with the error of the SDK, or with a `GroupFault`. */
export function describeGroup({
  client,
  replicationGroupId,
  scheduler,
}: GroupQuestion): Observable<ReplicationGroup> {
  const askPage = (Marker?: string) => send(client, { replicationGroupId, Marker });
  return askPage().pipe(
    expand(({ Marker }, page) =>
      Marker === undefined || Marker === '' || page + 1 >= MAX_PAGES ? EMPTY : askPage(Marker),
    ),
    reduce((groups: readonly ReplicationGroup[], page) => [...groups, ...(page.ReplicationGroups ?? [])], []),
    timeout({ first: LIMIT_MS, scheduler, with: () => throwError(tooLate) }),
    map((groups) => findGroup(groups, replicationGroupId)),
  );
}

function tooLate(): GroupFault {
  return new GroupFault('TimeoutError', `the API did not answer within ${LIMIT_MS} ms`);
}

function send(
  client: Pick<ElastiCacheClient, 'send'>,
  {
    replicationGroupId,
    Marker,
  }: { readonly replicationGroupId: string; readonly Marker: string | undefined },
): Observable<DescribeReplicationGroupsCommandOutput> {
  return defer(() => {
    const abort = new AbortController();
    const command = new DescribeReplicationGroupsCommand({
      ReplicationGroupId: replicationGroupId,
      ...(Marker !== undefined && { Marker }),
    });
    return from(client.send(command, { abortSignal: abort.signal })).pipe(finalize(() => abort.abort()));
  });
}

/** The API does not mind capital letters. */
function findGroup(groups: readonly ReplicationGroup[], id: string): ReplicationGroup {
  const group = groups.find((each) => each.ReplicationGroupId?.toLowerCase() === id.toLowerCase());
  if (group === undefined) {
    throw new GroupFault('ReplicationGroupNotFound', `the API lists no replication group ${id}`);
  }
  return group;
}
