import { whyWait } from './pick.js';
import { masterOf, type Topology, type TopologyNode } from './topology.js';

/** One line for an operator, and how serious it is. */
export interface ChangeNote {
  readonly level: 'log' | 'warn' | 'error';
  readonly text: string;
}

/** What an operator should know of the step from one topology to the next; nothing where nothing changed. */
export function describeChange(before: Topology, after: Topology): readonly ChangeNote[] {
  return [...describeMaster(before, after), ...describeLoss(before, after), ...describeNodes(before, after)];
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
      return [{ level: 'warn', text: `writes are held, cause: ${after.cause}; ${whyWait(after)}` }];
    case 'contested':
      return [...moved, { level: 'error', text: describeContest(after) }];
    case 'steady':
      return moved.length > 0 ? moved : [{ level: 'log', text: describeSteady(before, after) }];
    default:
      return after satisfies never;
  }
}

function describeFailover({ lastFailover }: Topology): ChangeNote {
  const { from, to, tookMs, cause, generation } = lastFailover ?? {};
  return {
    level: 'warn',
    text: `failover: master ${from} → ${to} in ${tookMs} ms, cause: ${cause}, generation ${generation}`,
  };
}

function describeContest(after: Topology & { readonly kind: 'contested' }): string {
  const fate = after.master === undefined ? 'writes are held' : `writes stay with ${after.master}`;
  return `split brain: ${whyWait(after)}; ${fate}, generation ${after.generation}`;
}

function describeSteady(before: Topology, after: Topology & { readonly kind: 'steady' }): string {
  if (masterOf(before) === after.master) {
    return `the split brain is over: master is ${after.master}, generation ${after.generation}`;
  }
  return before.generation === after.generation
    ? `master ${after.master} is back after ${after.changedAt - before.changedAt} ms, generation ${after.generation}`
    : `master is ${after.master}, generation ${after.generation}`;
}

function describeLoss(before: Topology, after: Topology): readonly ChangeNote[] {
  const loss = after.lastDataLoss;
  if (
    loss === undefined ||
    (loss.at === before.lastDataLoss?.at && loss.endpoint === before.lastDataLoss.endpoint)
  ) {
    return [];
  }
  const text =
    loss.kind === 'restarted empty'
      ? `data loss: master ${loss.endpoint} came back without its data (${loss.bytes} bytes of history)`
      : `data loss: ${loss.bytes} bytes of acknowledged writes never reached ${loss.endpoint}`;
  return [{ level: 'error', text }];
}

function describeNodes(before: Topology, after: Topology): readonly ChangeNote[] {
  return after.nodes.flatMap((node) => {
    const old = before.nodes.find(({ endpoint }) => endpoint === node.endpoint);
    const note = describeNode(old, node);
    return note === undefined ? [] : [note];
  });
}

function describeNode(old: TopologyNode | undefined, node: TopologyNode): ChangeNote | undefined {
  const wasUnusable = old?.kind === 'unusable';
  if (node.kind === 'unusable') {
    const isNews = !wasUnusable || old.fault !== node.fault;
    return isNews
      ? { level: 'warn', text: `node ${node.endpoint} cannot be used: ${node.fault}, ${node.message}` }
      : undefined;
  }
  if (node.kind === 'stale' && old?.kind !== 'stale') {
    return {
      level: 'warn',
      text: `node ${node.endpoint} still says master but was superseded: it gets no writes`,
    };
  }
  return wasUnusable && node.reachable
    ? { level: 'log', text: `node ${node.endpoint} answers again` }
    : undefined;
}
