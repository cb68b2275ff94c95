import { whyWait } from '../topology/pick.js';
import { safeText } from '../topology/safe-text.js';
import { findNode, type Topology } from '../topology/topology.js';
import type { ConnectionProbe } from './probe-connection.js';

const serverCodes = [
  'READONLY',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'LOADING',
  'BUSY',
  'NOPERM',
  'NOAUTH',
] as const;

/**
 * What keeps a connection from being used although there may be a node for it.
 *
 * @publicApi
 */
export type FailureReason =
  (typeof serverCodes)[number] | 'PAUSED' | 'BLOCKED' | 'TIMEOUT' | 'CLOSED' | 'ERROR';

/** The connection that failed, and what is known of it. */
export interface FailedConnection<Held> {
  readonly connection: keyof typeof uses;
  readonly topology: Topology;
  readonly probeKey: string;
  /** The node that it uses, if there is one. */
  readonly node: string | undefined;
  /** Why a command would wait for a node. */
  readonly whyHeld: () => Held;
}

export interface Explanation<Reason> {
  readonly reason: Reason;
  readonly message: string;
}

const uses = {
  writer: { verb: 'write', command: 'SET' },
  reader: { verb: 'read', command: 'EXISTS' },
} as const;

/** Why an attempt to use a connection failed, in a word for programs and a text for an operator. */
export function explainFailure<Held>(
  probe: Exclude<ConnectionProbe, { readonly kind: 'accepted' }>,
  failed: FailedConnection<Held>,
): Explanation<FailureReason | Held> {
  switch (probe.kind) {
    case 'refused':
      return explainRefusal(probe.message, failed);
    case 'held':
      return {
        reason: whySuspended(failed.topology, probe.node) ?? failed.whyHeld(),
        message: probe.reason,
      };
    case 'silent':
      return explainSilence(probe, failed);
    case 'closed':
      return { reason: 'CLOSED', message: `the ${failed.connection} is closed` };
    default:
      return probe satisfies never;
  }
}

/** What keeps all nodes from being used, where they agree on it. */
export function whyNoNode({ nodes }: Topology): 'LOADING' | 'NOAUTH' | undefined {
  const faults = nodes.flatMap((node) => (node.kind === 'unusable' ? node.fault : []));
  if (faults.includes('LOADING')) {
    return 'LOADING';
  }
  const isForbidden = faults.length > 0 && faults.length === nodes.length;
  return isForbidden && faults.every((fault) => fault === 'NOAUTH' || fault === 'WRONGPASS')
    ? 'NOAUTH'
    : undefined;
}

function explainRefusal(
  refusal: string,
  { connection, probeKey }: Pick<FailedConnection<unknown>, 'connection' | 'probeKey'>,
): Explanation<FailureReason> {
  const reason = codeOf(refusal);
  const message = safeText(refusal);
  const hint = `; the user needs ${uses[connection].command} and the key "${probeKey}" (option "probeKey")`;
  return { reason, message: reason === 'NOPERM' ? `${message}${hint}` : message };
}

/** Only the first word of an error is the same for all servers. */
function codeOf(message: string): FailureReason {
  const word = message.split(' ', 1)[0];
  return serverCodes.find((code) => code === word) ?? (word === 'WRONGPASS' ? 'NOAUTH' : 'ERROR');
}

/** If the node stopped answering, nothing is sent to it, but its connection is kept. */
function whySuspended(topology: Topology, endpoint: string | undefined): 'PAUSED' | 'TIMEOUT' | undefined {
  const node = endpoint === undefined ? undefined : findNode(topology, endpoint);
  const fault = node?.kind === 'unusable' ? node.fault : undefined;
  return fault === 'PAUSED' || fault === 'TIMEOUT' ? fault : undefined;
}

/** Observers have connections of their own. A node that answers them but not the writer has paused writes. */
function explainSilence(
  { limitMs, isAnswering, blockedBy }: ConnectionProbe & { kind: 'silent' },
  { connection, node, topology }: FailedConnection<unknown>,
): Explanation<FailureReason> {
  const { verb } = uses[connection];
  if (!isAnswering || node === undefined) {
    const why = node === undefined ? whyWait(topology) : `${node} does not answer`;
    return { reason: 'TIMEOUT', message: `no answer to a ${verb} within ${limitMs} ms; ${why}` };
  }
  if (blockedBy === undefined) {
    const message = `${node} answers, but did not answer a ${verb} within ${limitMs} ms`;
    return { reason: 'PAUSED', message };
  }
  const message =
    `${blockedBy} waits on the ${connection}, and every ${verb} waits behind it; ` +
    `issue blocking commands on a connection of their own: ${connection}.duplicate()`;
  return { reason: 'BLOCKED', message };
}
