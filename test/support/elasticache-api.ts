import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';

/** One node, as the API describes it. Without an endpoint it is being created. */
export interface ApiMember {
  readonly endpoint?: { readonly host: string; readonly port: number };
  readonly zone?: string;
  readonly role?: 'primary' | 'replica';
}

export interface ApiGroup {
  readonly id: string;
  /** The members of each shard. Default: no shard yet. */
  readonly shards?: readonly (readonly ApiMember[])[];
  readonly status?: string;
  readonly clusterEnabled?: boolean;
  readonly transitEncryption?: boolean;
}

export type ApiAnswer =
  | { readonly kind: 'groups'; readonly groups: readonly ApiGroup[]; readonly marker?: string }
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
  /** The connection is closed without an answer. */
  | { readonly kind: 'hangs up' }
  | { readonly kind: 'never' };

/**
 * Speaks as much of the Query API of ElastiCache (version 2015-02-02) as one action needs: a form as the request, XML as
 * the answer, with the names and statuses that the API reference of AWS documents.
 */
export async function startElastiCacheApi() {
  const calls: URLSearchParams[] = [];
  const script: { answer: (call: URLSearchParams) => ApiAnswer } = {
    answer: () => ({ kind: 'groups', groups: [] }),
  };
  const server = createServer((request, response) => {
    void readForm(request).then((call) => {
      calls.push(call);
      const answer = isSigned(request) && isQuestion(call) ? script.answer(call) : malformed;
      if (answer.kind === 'never') return;
      if (answer.kind === 'hangs up') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.kind === 'error' ? answer.status : 200, { 'content-type': 'text/xml' });
      response.end(answer.kind === 'error' ? errorXml(answer) : groupsXml(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the API has no port');
  const client = openClient(address.port);
  return {
    client,
    /** The requests so far, each as its form. */
    calls,
    answer: (next: ApiAnswer | ((call: URLSearchParams) => ApiAnswer)) => {
      script.answer = typeof next === 'function' ? next : () => next;
    },
    async stop() {
      client.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function openClient(port: number): ElastiCacheClient {
  return new ElastiCacheClient({
    region: 'us-west-2',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'the-secret-key' },
    maxAttempts: 1,
  });
}

export type ElastiCacheApi = Awaited<ReturnType<typeof startElastiCacheApi>>;

const malformed: ApiAnswer = {
  kind: 'error',
  status: 400,
  code: 'InvalidAction',
  message: 'The action or operation requested is invalid.',
};

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return new URLSearchParams(body);
}

function isSigned({ headers }: IncomingMessage): boolean {
  const scope = /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/us-west-2\/elasticache\/aws4_request, /;
  return scope.test(headers.authorization ?? '');
}

function isQuestion(call: URLSearchParams): boolean {
  return call.get('Action') === 'DescribeReplicationGroups' && call.get('Version') === '2015-02-02';
}

function errorXml({ code, message }: ApiAnswer & { readonly kind: 'error' }): string {
  const error = element('Type', 'Sender') + element('Code', code) + element('Message', escape(message));
  return `<ErrorResponse ${namespace}>${element('Error', error)}${element('RequestId', 'b9fd4d4e-1111')}</ErrorResponse>`;
}

const namespace = 'xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"';

function groupsXml({ groups, marker }: ApiAnswer & { readonly kind: 'groups' }): string {
  const result =
    (marker === undefined ? '' : element('Marker', marker)) +
    element('ReplicationGroups', groups.map(groupXml).join(''));
  const metadata = element('ResponseMetadata', element('RequestId', 'b9fd4d4e-2222'));
  return `<DescribeReplicationGroupsResponse ${namespace}>${element('DescribeReplicationGroupsResult', result)}${metadata}</DescribeReplicationGroupsResponse>`;
}

function groupXml(group: ApiGroup): string {
  const { id, shards = [], status = 'available', clusterEnabled = false, transitEncryption = false } = group;
  return element(
    'ReplicationGroup',
    [
      element('ReplicationGroupId', id),
      element('Description', 'a group'),
      element('Status', status),
      element('PendingModifiedValues', ''),
      element('NodeGroups', shards.map(shardXml).join('')),
      element('AutomaticFailover', 'enabled'),
      element('MultiAZ', 'enabled'),
      element('SnapshotRetentionLimit', '0'),
      element('ClusterEnabled', String(clusterEnabled)),
      element('CacheNodeType', 'cache.r5.xlarge'),
      element('AuthTokenEnabled', 'false'),
      element('TransitEncryptionEnabled', String(transitEncryption)),
      element('AtRestEncryptionEnabled', 'false'),
      element('ARN', `arn:aws:elasticache:us-west-2:123456789012:replicationgroup:${id}`),
    ].join(''),
  );
}

function shardXml(members: readonly ApiMember[], index: number): string {
  const id = `000${index + 1}`;
  return element(
    'NodeGroup',
    element('NodeGroupId', id) +
      element('Status', 'available') +
      element('NodeGroupMembers', members.map(memberXml).join('')),
  );
}

function memberXml({ endpoint, zone, role }: ApiMember, index: number): string {
  return element(
    'NodeGroupMember',
    [
      element('CacheClusterId', `my-group-00${index + 1}`),
      element('CacheNodeId', '0001'),
      endpoint === undefined
        ? ''
        : element('ReadEndpoint', element('Address', endpoint.host) + element('Port', String(endpoint.port))),
      zone === undefined ? '' : element('PreferredAvailabilityZone', zone),
      role === undefined ? '' : element('CurrentRole', role),
    ].join(''),
  );
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
