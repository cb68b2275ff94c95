import type { Facts, Group, NodeFacts } from '../facts.js';
import { finding, type Finding, type FindingId } from '../finding.js';
import { masterOf, type TopologyNode } from '../../topology/topology.js';
import { whyNoTls } from './tls.js';

/** Nodes that cannot be used, and why. It is an error where no other one is the master. */
export function checkReach({ groups, nodes, setup }: Facts): readonly Finding[] {
  return nodes.flatMap((facts) => {
    const { node } = facts;
    if (node.kind !== 'unusable') {
      return [];
    }
    const reason = whyNoTls(facts) ?? whyUnusable(node, facts, setup.user);
    const severity = hasMaster(groups, node) ? 'warning' : 'error';
    return [finding(reason.id, { ...reason, node: node.endpoint, severity })];
  });
}

function hasMaster(groups: readonly Group[], node: TopologyNode): boolean {
  const group = groups.find(({ topology }) => topology.nodes.includes(node));
  return group !== undefined && masterOf(group.topology) !== undefined;
}

interface Reason extends Pick<Finding, 'what' | 'remedy'> {
  readonly id: FindingId;
}

type Unusable = Extract<TopologyNode, { readonly kind: 'unusable' }>;

function whyUnusable(node: Unusable, facts: NodeFacts, user: string): Reason {
  const { message } = node;
  if (facts.isPaused) {
    return byFault.PAUSED;
  }
  switch (node.fault) {
    case 'REFUSED':
    case 'NOT_FOUND':
    case 'UNREACHABLE':
    case 'TIMEOUT':
    case 'CLOSED':
    case 'PAUSED':
    case 'MAXCLIENTS':
    case 'LOADING':
      return { ...byFault[node.fault], what: `${byFault[node.fault].what}: ${message}` };
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'NOPERM':
      return whyNoLogin(node, user);
    case 'SENTINEL':
    case 'CLUSTER':
    case 'CLUSTERDOWN':
      return whyOfAnotherKind(node);
    case 'TLS':
      return {
        id: 'tls-failed',
        what: message,
        remedy: `Run \`openssl s_client -connect ${node.endpoint}\`, which shows what the server offers.`,
      };
    case 'ERROR':
      return whyError(node, facts);
    default:
      return node.fault satisfies never;
  }
}

const byFault = {
  REFUSED: {
    id: 'node-refused',
    what: 'nothing accepts connections at its port',
    remedy:
      'Start the server, or correct the address; `ss -ltn` on its machine shows where it listens (`bind`, `port`).',
  },
  NOT_FOUND: {
    id: 'node-not-found',
    what: 'its name leads to no address',
    remedy: 'Correct the name, or the name server: `getent hosts <name>` shows what this machine resolves.',
  },
  UNREACHABLE: {
    id: 'node-unreachable',
    what: 'there is no way to its address',
    remedy: 'Correct the address, or the route to it: `ip route get <address>`.',
  },
  TIMEOUT: {
    id: 'node-timeout',
    what: 'it does not answer in time',
    remedy:
      'See whether its process hangs (`top`, `SLOWLOG GET`) and whether a firewall drops packets; a node that is merely far away needs a longer `replyTimeoutMs`.',
  },
  CLOSED: {
    id: 'node-closed',
    what: 'it closes each connection',
    remedy: 'See its log; a proxy or a firewall in between may be what closes them.',
  },
  PAUSED: {
    id: 'node-paused',
    what: 'it lets all clients wait',
    remedy: 'Run `CLIENT UNPAUSE` on it, unless a planned failover or a shutdown is under way.',
  },
  MAXCLIENTS: {
    id: 'node-full',
    what: 'it takes no more clients',
    remedy:
      'Run `CONFIG SET maxclients 10000` on it; `CLIENT LIST` names whoever has so many. Each app process has at least four connections to a node.',
  },
  LOADING: {
    id: 'node-loading',
    what: 'it is not ready yet',
    remedy: 'Wait; `INFO persistence` says how long (`loading_eta_seconds`).',
  },
} as const satisfies Readonly<Record<string, Reason>>;

function whyNoLogin({ fault, message }: Unusable, user: string): Reason {
  switch (fault) {
    case 'NOAUTH':
      return {
        id: 'login-missing',
        what: `it requires a login, and none is given: ${message}`,
        remedy: 'Set REDIS_PASSWORD, and REDIS_USERNAME if it is not that of the user `default`.',
      };
    case 'WRONGPASS':
      return {
        id: 'login-refused',
        what: `it refuses the login: ${message}`,
        remedy: `Correct REDIS_USERNAME and REDIS_PASSWORD; \`ACL GETUSER ${user}\` on it says whether the user exists and is \`on\`. ACL users are not replicated.`,
      };
    default:
      return {
        id: 'login-forbidden',
        what: `the user may not even ask for the role: ${message}`,
        remedy: `Run \`ACL SETUSER ${user} +info +hello +role\` on it.`,
      };
  }
}

function whyOfAnotherKind({ fault, message }: Unusable): Reason {
  if (fault === 'SENTINEL') {
    return {
      id: 'is-sentinel',
      what: message,
      remedy: 'Name it with `--source sentinel --name <name>`; in the app, use sentinelNodes.',
    };
  }
  if (fault === 'CLUSTERDOWN') {
    return {
      id: 'cluster-down',
      what: message,
      remedy: `Run \`CLUSTER INFO\` and \`CLUSTER NODES\` on it: slots have no master, or it does not see most of the masters.`,
    };
  }
  return /mode is on/.test(message)
    ? { id: 'is-cluster', what: message, remedy: 'Use `--cluster`; in the app, the option `cluster`.' }
    : { id: 'no-cluster', what: message, remedy: 'Leave out `--cluster`; in the app, use `source`.' };
}

function whyError({ message }: Unusable, { anonymous }: NodeFacts): Reason {
  if (anonymous === 'protected' || message.startsWith('DENIED')) {
    return {
      id: 'node-protected',
      what: 'it is in protected mode: it has no password, and so it refuses clients of other machines',
      remedy:
        'Give it a password (`CONFIG SET requirepass <password>`), or, in a network that only apps and nodes reach, run `CONFIG SET protected-mode no` on it.',
    };
  }
  if (/does not speak the Redis protocol/.test(message)) {
    return { id: 'not-redis', what: message, remedy: 'Correct the port: another service listens there.' };
  }
  return { id: 'node-error', what: message, remedy: 'See the log of the server.' };
}
