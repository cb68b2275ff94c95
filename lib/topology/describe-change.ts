import { lossOf } from './data-loss.js';
import { describeUnproven } from './describe-contest.js';
import type { LogCode } from './log-code.js';
import { isUntrusted } from './topology-nodes.js';
import { line, withFacts, type LogLine } from './log-line.js';
import { countAgreeing, whyNoMajority, whyWait, type WriterPolicy } from './pick.js';
import { masterOf, type DataLoss, type Topology, type TopologyNode } from './topology.js';

/** One log line for an operator, its code and its level. */
export interface ChangeNote extends LogLine {
  readonly code: LogCode;
  readonly level: 'log' | 'warn' | 'error';
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
          ...line`writes are held, cause: ${{ cause: after.cause }}; ${{ reason: whyWait(after) }}; promote a node to end this`,
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
    const { agreeing, known } = countAgreeing(after);
    const told = withFacts(line`writes are held: ${{ reason: lacks }}`, { agreeing, known });
    return [{ code: 'RR120', level: 'error', ...told }];
  }
  const isBack = !had && lacks === undefined && masterOf(after) !== undefined;
  return isBack
    ? [{ code: 'RR121', level: 'log', ...line`the majority of the nodes is back: writes resume` }]
    : [];
}

function describeFailover({ lastFailover }: Topology): ChangeNote {
  const { from, to, tookMs, cause, generation, promotedWithinMs, proof } = lastFailover ?? {};
  // A poll detects what may have happened at any time since the poll before it.
  const when =
    cause === 'poll' && promotedWithinMs !== undefined
      ? line`promoted within the last ${{ promotedWithinMs }} ms`
      : line`in ${{ tookMs }} ms`;
  const grounds = proof === undefined || proof === 'history' ? line`` : line`, by ${{ proof }}`;
  const told = line`failover: master ${{ from }} → ${{ to }} ${when}${grounds}, cause: ${{ cause }}, generation ${{ generation }}`;
  return { code: 'RR101', level: 'warn', ...withFacts(told, { failover: lastFailover }) };
}

function describeSteady(before: Topology, after: Topology & { readonly kind: 'steady' }): ChangeNote {
  const { master, generation, changedAt } = after;
  return before.generation === generation
    ? {
        code: 'RR103',
        level: 'log',
        ...line`master ${{ master }} is back after ${{ tookMs: changedAt - before.changedAt }} ms, generation ${{ generation }}`,
      }
    : { code: 'RR100', level: 'log', ...line`master is ${{ master }}, generation ${{ generation }}` };
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
      ...withFacts(line`data loss: ${describeKindOfLoss(loss)}`, { dataLoss: loss }),
    },
  ];
}

const codesOfLoss: Readonly<Record<DataLoss['kind'], LogCode>> = {
  'not replicated': 'RR130',
  'restarted behind': 'RR131',
  'restarted empty': 'RR132',
  'replaced by empty': 'RR133',
};

function describeKindOfLoss({ kind, endpoint: node, bytes, keys }: DataLoss): LogLine {
  switch (kind) {
    case 'restarted empty':
      return line`master ${{ node }} came back empty, and had ${{ keys }} keys when it was probed last`;
    case 'replaced by empty':
      return line`master ${{ node }} is empty, and the master before it had ${{ keys }} keys when it was probed last`;
    case 'restarted behind':
      return line`master ${{ node }} came back without its last ${{ bytes }} bytes of acknowledged writes`;
    case 'not replicated':
      return line`${{ bytes }} bytes of acknowledged writes never reached ${{ node }}`;
    default:
      return kind satisfies never;
  }
}

function describeNodes(before: Topology, after: Topology): readonly ChangeNote[] {
  return after.nodes.flatMap((node) => {
    const old = before.nodes.find(({ endpoint }) => endpoint === node.endpoint);
    return [describeNode(old, node), describeSurrender(old, node), describeTrust(old, node)].flatMap(
      (note) => note ?? [],
    );
  });
}

/** The node may have been out of reach in between, as when it is restarted as a replica. */
function describeSurrender(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  const bytes = node.kind === 'replica' ? lossOf(old) : undefined;
  return bytes === undefined
    ? undefined
    : {
        code: 'RR134',
        level: 'error',
        ...line`data loss: node ${{ node: node.endpoint }} no longer claims to be the master; ${{ bytes }} bytes that it accepted are lost`,
      };
}

/** M21. */
function describeTrust(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  const [was, is] = [isUntrusted(old), isUntrusted(node)];
  if (is && !was) {
    return {
      code: 'RR203',
      level: 'warn',
      ...line`node ${{ node: node.endpoint }} cannot be trusted: somebody writes lines into its INFO, as a replica can by REPLCONF; until this ends, ROLE or HELLO tells its role, and its replication ids prove nothing`,
    };
  }
  return was && !is
    ? {
        code: 'RR204',
        level: 'log',
        ...line`node ${{ node: node.endpoint }} can be trusted again: nobody writes lines into its INFO`,
      }
    : undefined;
}

function describeNode(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  const wasUnusable = old?.kind === 'unusable';
  if (node.kind === 'unusable') {
    const isNew = !wasUnusable || old.fault !== node.fault;
    return isNew
      ? {
          code: 'RR200',
          level: 'warn',
          ...line`node ${{ node: node.endpoint }} cannot be used: ${{ fault: node.fault }}, ${{ reason: node.message }}`,
        }
      : undefined;
  }
  if (node.kind === 'stale' && old?.kind !== 'stale') {
    return {
      code: 'RR202',
      level: 'warn',
      ...line`node ${{ node: node.endpoint }} still claims to be the master but was superseded: it gets no writes`,
    };
  }
  return wasUnusable && node.reachable
    ? { code: 'RR201', level: 'log', ...line`node ${{ node: node.endpoint }} answers again` }
    : undefined;
}
