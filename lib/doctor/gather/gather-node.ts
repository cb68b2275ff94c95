import { firstValueFrom } from 'rxjs';
import { connectLimitMs, controlFor } from '../../nest/observing.js';
import type { ResolvedClusterOptions, ResolvedOptions } from '../../nest/options.js';
import { isServing } from '../../observers/is-serving.js';
import type { Dial, DialOptions } from '../../sockets/dial.js';
import type { NodeFault } from '../../topology/observation.js';
import type { TopologyNode } from '../../topology/topology.js';
import type { NameFacts, NodeFacts, Reach, ServerFacts } from '../facts.js';
import { askAnonymously } from './ask-anonymously.js';
import { askServer } from './ask-server.js';
import { reachNode, tryDial } from './reach-node.js';
import { Stopwatch } from './stopwatch.js';

export interface NodeSubject {
  readonly node: TopologyNode;
  /** The key of the health check; in a cluster, one in a slot of the shard. */
  readonly key: string;
}

export interface NodeContext {
  readonly options: Pick<ResolvedOptions | ResolvedClusterOptions, 'redis' | 'replyTimeoutMs' | 'probeKey'>;
  readonly mode: 'plain' | 'cluster';
  readonly dial: Dial;
  readonly names: readonly NameFacts[];
}

/**
 * All about one node. Credentials are sent only where an observer has logged in before, so that no address gets them that
 * the app would not send them to. Never rejects.
 */
export async function gatherNode(subject: NodeSubject, context: NodeContext): Promise<NodeFacts> {
  const { node } = subject;
  const { dial, names, options } = context;
  const { redis, replyTimeoutMs } = options;
  const limitMs = connectLimitMs(replyTimeoutMs);
  const dialling = { tls: redis.tls, family: redis.family, connectTimeoutMs: limitMs };
  const name = names.find((each) => each.name === node.address.host);
  const stopwatch = new Stopwatch(name === undefined ? [] : [{ name: 'dns', ms: name.ms }]);
  const reached = await reachNode(node.address, { dial, options: dialling, stopwatch });
  const speaks = await findOther(node, reached.reach, { dial, dialling });
  if (reached.reach.kind === 'failed') {
    const unknown = { anonymous: 'unknown', isPaused: false } as const;
    return { node, steps: stopwatch.steps, ...reached, ...unknown, ...(speaks && { speaks }) };
  }
  const isSilent = node.kind === 'unusable' && node.fault === 'TIMEOUT';
  const [anonymous, isPaused, server] = await Promise.all([
    isSilent ? ('unknown' as const) : askAnonymously(dial(node.address, dialling), limitMs),
    isSilent && firstValueFrom(isServing(dial(node.address, dialling), limitMs)),
    node.reachable ? ask(subject, context, stopwatch) : undefined,
  ]);
  return {
    node,
    steps: stopwatch.steps,
    ...reached,
    anonymous,
    isPaused,
    ...(speaks && { speaks }),
    ...(server && { server }),
  };
}

/** With these, a server that expects TLS ends a connection without it. */
const TLS_FAULTS: readonly NodeFault[] = ['TLS', 'CLOSED'];

interface Trying {
  readonly dial: Dial;
  readonly dialling: DialOptions;
}

/** Whether a node that cannot be used speaks TLS where the app does not, or the reverse. Sends no credentials. */
async function findOther(
  node: TopologyNode,
  reach: Reach,
  { dial, dialling }: Trying,
): Promise<NodeFacts['speaks']> {
  const { address } = node;
  const plain = { host: address.host, port: address.port };
  const isTls = dialling.tls !== undefined || address.tls === true;
  const { tls: _tls, ...rest } = dialling;
  if (isTls && reach.kind === 'failed') {
    const answer = await askAnonymously(dial(plain, rest), dialling.connectTimeoutMs);
    return answer === 'unknown' ? undefined : 'plain';
  }
  if (isTls || node.kind !== 'unusable' || !TLS_FAULTS.includes(node.fault)) {
    return undefined;
  }
  // The certificate does not matter here: nothing is sent.
  const other = await tryDial(dial, plain, { ...rest, tls: { rejectUnauthorized: false } });
  return other.kind === 'open' ? 'TLS' : undefined;
}

/** `undefined` if the node has stopped answering since it was observed. */
async function ask(
  { node, key }: NodeSubject,
  { options, mode, dial }: NodeContext,
  stopwatch: Stopwatch,
): Promise<ServerFacts | undefined> {
  const { redis, replyTimeoutMs, probeKey } = options;
  const connect = controlFor(options, { dial, logins: undefined });
  try {
    return await askServer({
      connect: (role) => connect(node.address, role),
      mode,
      isMaster: node.kind === 'master',
      key,
      channel: `${redis.keyPrefix ?? ''}${probeKey}`,
      database: redis.db ?? 0,
      limitMs: connectLimitMs(replyTimeoutMs),
      stopwatch,
    });
  } catch {
    return undefined;
  }
}
