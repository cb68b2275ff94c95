import { describeUnproven } from './describe-contest.js';
import type { LogCode } from './log-code.js';
import { whyNoMajority, whyWait, type WriterPolicy } from './pick.js';
import { masterOf, type DataLoss, type Topology, type TopologyNode } from './topology.js';

/** One log line for an operator, and its level. */
export interface ChangeNote {
  readonly code: LogCode;
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
  /** What the line is about, for loggers that take objects. Plain values without credentials. */
  readonly facts?: object;
}

/** The log lines for the step from one topology to the next; none if nothing changed. */
export function describeChange(
  before: Topology,
  after: Topology,
  policy: WriterPolicy,
): readonly ChangeNote[] {
  return [
    ...describeMaster(before, after),
    ...describeUnproven(before, after),
    ...describeMajority(before, after, policy),
    ...describeLoss(before, after),
    ...describeNodes(before, after),
  ];
}

function describeMaster(before: Topology, after: Topology): readonly ChangeNote[] {
  if (before.kind === after.kind && masterOf(before) === masterOf(after)) {
    return [];
  }
  const failover = after.generation === before.generation ? undefined : after.lastFailover;
  const moved = failover?.generation === after.generation ? [describeFailover(after)] : [];
  switch (after.kind) {
    case 'unknown':
      return [];
    case 'masterless':
      return [
        {
          code: 'RR104',
          level: 'warn',
          text: `writes are held, cause: ${after.cause}; ${whyWait(after)}; promote a node to end this`,
        },
      ];
    case 'contested':
      // The alarm comes only if the contest lasts, see `contestAlarms`.
      return moved;
    case 'steady':
      // That a contest is over is told by `contestAlarms`, if it has raised an alarm.
      return moved.length > 0 || masterOf(before) === after.master ? moved : [describeSteady(before, after)];
    default:
      return after satisfies never;
  }
}

function describeMajority(before: Topology, after: Topology, policy: WriterPolicy): readonly ChangeNote[] {
  const [had, lacks] = [whyNoMajority(before, policy) === undefined, whyNoMajority(after, policy)];
  if (had && lacks !== undefined) {
    return [{ code: 'RR120', level: 'error', text: `writes are held: ${lacks}` }];
  }
  const isBack = !had && lacks === undefined && masterOf(after) !== undefined;
  return isBack
    ? [{ code: 'RR121', level: 'log', text: 'the majority of the nodes is back: writes resume' }]
    : [];
}

function describeFailover({ lastFailover }: Topology): ChangeNote {
  const { from, to, tookMs, cause, generation, promotedWithinMs, proof } = lastFailover ?? {};
  // A poll detects what may have happened at any time since the poll before it.
  const when =
    cause === 'poll' && promotedWithinMs !== undefined
      ? `promoted within the last ${promotedWithinMs} ms`
      : `in ${tookMs} ms`;
  const grounds = proof === undefined || proof === 'history' ? '' : `, by ${proof}`;
  return {
    code: 'RR101',
    level: 'warn',
    ...(lastFailover !== undefined && { facts: { failover: lastFailover } }),
    text: `failover: master ${from} → ${to} ${when}${grounds}, cause: ${cause}, generation ${generation}`,
  };
}

function describeSteady(before: Topology, after: Topology & { readonly kind: 'steady' }): ChangeNote {
  const { master, generation, changedAt } = after;
  return before.generation === generation
    ? {
        code: 'RR103',
        level: 'log',
        text: `master ${master} is back after ${changedAt - before.changedAt} ms, generation ${generation}`,
      }
    : { code: 'RR100', level: 'log', text: `master is ${master}, generation ${generation}` };
}

function describeLoss(before: Topology, after: Topology): readonly ChangeNote[] {
  const loss = after.lastDataLoss;
  if (
    loss === undefined ||
    (loss.at === before.lastDataLoss?.at && loss.endpoint === before.lastDataLoss.endpoint)
  ) {
    return [];
  }
  return [
    {
      code: codesOfLoss[loss.kind],
      level: 'error',
      text: `data loss: ${describeKindOfLoss(loss)}`,
      facts: { dataLoss: loss },
    },
  ];
}

const codesOfLoss: Readonly<Record<DataLoss['kind'], LogCode>> = {
  'not replicated': 'RR130',
  'restarted behind': 'RR131',
  'restarted empty': 'RR132',
  'replaced by empty': 'RR133',
};

function describeKindOfLoss({ kind, endpoint, bytes, keys }: DataLoss): string {
  switch (kind) {
    case 'restarted empty':
      return `master ${endpoint} came back empty, and had ${keys} keys when it was probed last`;
    case 'replaced by empty':
      return `master ${endpoint} is empty, and the master before it had ${keys} keys when it was probed last`;
    case 'restarted behind':
      return `master ${endpoint} came back without its last ${bytes} bytes of acknowledged writes`;
    case 'not replicated':
      return `${bytes} bytes of acknowledged writes never reached ${endpoint}`;
    default:
      return kind satisfies never;
  }
}

function describeNodes(before: Topology, after: Topology): readonly ChangeNote[] {
  return after.nodes.flatMap((node) => {
    const old = before.nodes.find(({ endpoint }) => endpoint === node.endpoint);
    return [describeNode(old, node), describeTrust(old, node)].flatMap((note) => note ?? []);
  });
}

/** M21. */
function describeTrust(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  // A node that cannot be reached says nothing, so it is judged when it answers again.
  const [was, is] = [isUntrusted(old), isUntrusted(node)];
  if (is === true && was !== true) {
    return {
      code: 'RR203',
      level: 'warn',
      text:
        `node ${node.endpoint} cannot be trusted: somebody writes lines into its INFO, as a replica can by REPLCONF; ` +
        'until this ends, ROLE or HELLO tells its role, and its replication ids prove nothing',
    };
  }
  return was === true && is === false
    ? {
        code: 'RR204',
        level: 'log',
        text: `node ${node.endpoint} can be trusted again: nobody writes lines into its INFO`,
      }
    : undefined;
}

function isUntrusted(node: TopologyNode | undefined): boolean | undefined {
  return node?.reachable === true ? node.untrusted === true : undefined;
}

function describeNode(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  const wasUnusable = old?.kind === 'unusable';
  if (node.kind === 'unusable') {
    const isNew = !wasUnusable || old.fault !== node.fault;
    return isNew
      ? {
          code: 'RR200',
          level: 'warn',
          text: `node ${node.endpoint} cannot be used: ${node.fault}, ${node.message}`,
          facts: { node: node.endpoint, fault: node.fault },
        }
      : undefined;
  }
  if (node.kind === 'stale' && old?.kind !== 'stale') {
    return {
      code: 'RR202',
      level: 'warn',
      text: `node ${node.endpoint} still claims to be the master but was superseded: it gets no writes`,
    };
  }
  if (old?.kind === 'stale' && old.lostBytes !== undefined && node.kind === 'replica') {
    return {
      code: 'RR134',
      level: 'error',
      text: `data loss: node ${node.endpoint} no longer claims to be the master; ${old.lostBytes} bytes that it accepted are lost`,
    };
  }
  return wasUnusable && node.reachable
    ? { code: 'RR201', level: 'log', text: `node ${node.endpoint} answers again` }
    : undefined;
}
