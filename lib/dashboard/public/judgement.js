// Says in words why a node is judged so, and what a cause or a fault means. test/dashboard/words.spec.ts finds out if a value
// of the library has none. docs/recipes.md has the faults at length, docs/history.md the causes.

const roleWords = {
  master: ['●', 'master'],
  replica: ['○', 'replica'],
  stale: ['✕', 'superseded, gets no writes'],
  contender: ['?', 'claims to be master'],
  unusable: ['–', 'not usable'],
  pending: ['…', 'not probed yet'],
};

export const faults = {
  REFUSED: 'The connection was refused: no server listens there.',
  NOT_FOUND: 'The name does not resolve, or there is no such Unix socket.',
  UNREACHABLE: 'There is no route to the host.',
  TIMEOUT: 'It does not answer in time: it hangs, or is cut off.',
  PAUSED: 'It works but answers no command, as under CLIENT PAUSE.',
  CLOSED: 'It closed the connection before it answered. Without TLS, the port may expect TLS.',
  TLS: 'The TLS handshake failed.',
  NOAUTH: 'It asks for a password, and none is set.',
  WRONGPASS: 'The user name or the password is wrong.',
  NOPERM: 'The user may not run the commands that tell the role.',
  MAXCLIENTS: 'It has reached its limit of clients.',
  LOADING: 'It is loading its data.',
  SENTINEL: 'It is a Sentinel, not a data node.',
  CLUSTER: 'It is in cluster mode and the app expects a group, or the reverse.',
  CLUSTERDOWN: 'It refuses commands, because the cluster lacks a majority or slots.',
  ERROR: 'It could not be asked for another reason.',
};

/** What led to the latest change, as the topology and the records of failovers name it. */
export const causes = {
  start: 'The app started.',
  poll: 'A regular probe noticed it; no signal came.',
  'connection closed': 'A connection to the old master was closed or refused, as after a crash or a restart.',
  'connection failed': 'A connection to a node could not be made.',
  'write refused': 'A server refused a command because of its state, such as READONLY.',
  'wrong role': 'A node turned out to have another role while it was being connected to.',
  unblocked: 'A server ended the blocking read: it was demoted, or follows another master now.',
  'reply timed out': 'A node answered too late.',
  announced: 'Another app announced a promotion.',
  'source event': 'The source of nodes has told of a change, as Sentinels do.',
  maintenance: 'A node has told that its maintenance begins or ends.',
  requested: 'The health check, or the view of the cluster, asked for a probe.',
  hung: 'The old master did not answer in time.',
  demoted: 'The old master refused a write, or showed another role.',
  'hand-over': 'The old master ended a blocking read, as one does that hands over.',
  push: 'Another app of the fleet announced the new master.',
  source: 'The source of nodes told of a change, as Sentinels do.',
  polling: 'A regular probe found it.',
};

export const proofs = {
  history: 'its replication history continues that of the master before it',
  replicas: 'most replicas replicate from it',
  authority: 'the source of nodes names it as the intended master',
  unproven: 'it was the only claim for a while, and no reachable node disputed it; nothing proves it',
  role: 'it reports the role, and the user may not read replication histories',
};

export function explainCause(cause) {
  return causes[cause] ?? cause;
}

/** A mark and a word for the role of a node. */
export function describeRole({ kind }) {
  const [mark, word] = roleWords[kind] ?? ['?', kind];
  return { mark, word };
}

/** Why the node is judged as it is. */
export function explainNode(node, topology) {
  const caution =
    node.untrusted === true ? ' Others can write into what it reports; only its role counts.' : '';
  return `${explain(node, topology)}${caution}`;
}

function explain(node, topology) {
  switch (node.kind) {
    case 'master':
      return explainMaster(node, topology);
    case 'replica':
      return explainReplica(node);
    case 'stale':
      return 'It reports the role master, but the history of another node continues its own: it was superseded.';
    case 'contender':
      return 'It reports the role master, and no history proves it.';
    case 'unusable':
      return faults[node.fault] ?? node.fault;
    default:
      return 'It has not answered a probe yet.';
  }
}

function explainMaster({ endpoint }, { lastFailover, unproven }) {
  if (unproven !== undefined) return `Accepted without proof: ${proofs.unproven}.`;
  if (lastFailover?.to === endpoint) {
    return `It took over from ${lastFailover.from}: ${proofs[lastFailover.proof ?? 'role']}.`;
  }
  return 'It reports the role master, and no node disputes it.';
}

function explainReplica({ foreign, astray, following, link }) {
  if (foreign === true) return 'It holds no data of this group, so readers do not use it.';
  if (astray === true) return 'It replicates a history that the master’s does not continue.';
  if (following === false) return 'It replicates from another master.';
  if (link === 'down') return 'It has no link to its master, so its data gets old.';
  if (link === 'syncing') return 'It is loading a full copy from its master and has no data to serve.';
  if (following === true) return 'It replicates from the master.';
  return 'It reports the role replica; the next probe tells whether it follows the master.';
}
