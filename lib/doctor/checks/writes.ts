import type { Facts, NodeFacts } from '../facts.js';
import { finding, type Finding, type FindingId } from '../finding.js';
import { isReplica } from './replicas.js';

/** Whether the master takes writes, and how many replicas it may lose before it does not. */
export function checkWrites(facts: Facts): readonly Finding[] {
  return facts.nodes.flatMap((each) => [...refused(each), ...minReplicas(each, facts)]);
}

interface Reason extends Pick<Finding, 'remedy'> {
  readonly id: FindingId;
}

const byCode: Readonly<Record<string, Reason>> = {
  NOREPLICAS: {
    id: 'writes-noreplicas',
    remedy:
      'Start replicas, or, if losing the last writes is better than taking none, run `CONFIG SET min-replicas-to-write 0` on it.',
  },
  MISCONF: {
    id: 'writes-misconf',
    remedy:
      'Make room on its disk, or correct `dir`, and run `BGSAVE`; to take writes meanwhile, `CONFIG SET stop-writes-on-bgsave-error no`.',
  },
  OOM: {
    id: 'writes-oom',
    remedy:
      'Run `CONFIG SET maxmemory <bytes>` with more than it has, or choose a `maxmemory-policy` that evicts.',
  },
};

function refused({ node, server }: NodeFacts): readonly Finding[] {
  const write = server?.write;
  if (write === undefined || write.kind === 'taken') {
    return [];
  }
  if (write.kind === 'silent') {
    return [
      finding('writes-silent', {
        node: node.endpoint,
        what: 'the master answers, but not to writes: a planned failover, a shutdown or CLIENT PAUSE is under way',
        remedy: 'Wait, or run `CLIENT UNPAUSE` on it.',
      }),
    ];
  }
  const reason = byCode[write.message.split(' ', 1)[0] ?? ''];
  return [
    finding(reason?.id ?? 'writes-refused', {
      node: node.endpoint,
      what: `the master refuses writes: ${write.message}`,
      remedy: reason?.remedy ?? 'See what the message says, and the log of the server.',
    }),
  ];
}

function minReplicas({ node, server }: NodeFacts, { nodes }: Facts): readonly Finding[] {
  const text = server?.settings.get('min-replicas-to-write');
  if (node.kind !== 'master' || text === undefined) {
    return [];
  }
  const wanted = Number(text);
  const good = Number(
    server?.info.get('min_slaves_good_slaves') ?? server?.info.get('connected_slaves') ?? 0,
  );
  if (wanted === 0) {
    return nodes.some((each) => isReplica(each.node))
      ? [
          finding('min-replicas-off', {
            node: node.endpoint,
            what: 'min-replicas-to-write is 0: a master that is cut off from all others goes on taking writes, which are lost',
            remedy:
              'Run `CONFIG SET min-replicas-to-write 1` on each node if that is worse than taking no writes, or use `requireMajority`.',
          }),
        ]
      : [];
  }
  return good === wanted
    ? [
        finding('min-replicas-tight', {
          node: node.endpoint,
          what: `min-replicas-to-write is ${wanted}, and there are as many replicas: if one of them restarts, the master takes no writes`,
          remedy: `Start another replica, or run \`CONFIG SET min-replicas-to-write ${wanted - 1}\` on each node.`,
        }),
      ]
    : [];
}
