import { masterOf, type Topology } from '../../lib/topology/topology.js';
import type { Entry, NodeTruth, Sample } from './history.js';
import { hasMajority, Proofs } from './proofs.js';
import type { Operation } from './operations.js';
import { RECONNECT_MS } from './settings.js';
import { Spell } from './spell.js';
import type { Terms, Violation } from './violation.js';

/** Checks what happens where proof is out of sight: nothing is held for ever, and nothing is accepted too early. */
export function checkUnproven(
  entries: readonly Entry[],
  operations: readonly Operation[],
  terms: Terms,
): readonly Violation[] {
  const open = untilClosing(entries);
  return [...endsWaiting(open, terms), ...heedsProof(open, operations, terms), ...takesItsTime(open, terms)];
}

function untilClosing(entries: readonly Entry[]): readonly Entry[] {
  const end = entries.findIndex((entry) => entry.kind === 'milestone' && entry.name === 'closing');
  return end === -1 ? entries : entries.slice(0, end);
}

/** How long the majority of the known nodes must agree. */
const AGREED_MS = 1000;

/** A master that can be reached and that nobody disputes gets the writes in the end. */
function endsWaiting(entries: readonly Entry[], { settings, bounds }: Terms): readonly Violation[] {
  const { acceptAfterMs, requireMajority } = settings;
  const undisputed = new Spell();
  const agreed = new Spell();
  const waiting = new Spell();
  for (const entry of entries) {
    if (entry.kind !== 'sample') {
      continue;
    }
    const { at, sample } = entry;
    const master = undisputedMaster(sample);
    const isAgreed = master !== undefined && hasMajority(master, sample.nodes);
    undisputed.note(at, processOf(master));
    agreed.note(at, isAgreed ? processOf(master) : undefined);
    const isLong =
      agreed.lasts(AGREED_MS + bounds.recoveryMs) ||
      (!requireMajority && undisputed.lasts((acceptAfterMs || Infinity) + bounds.recoveryMs));
    waiting.note(at, sample.writer !== master?.node || sample.held > 0 ? 'waiting' : undefined);
    if (isLong && waiting.lasts(RECONNECT_MS)) {
      return [
        {
          invariant: 'no command is held for ever while one master is reachable and undisputed',
          text: `the writer is on ${sample.writer} and ${sample.held} are held, ${master?.node} is undisputed since ${undisputed.since}`,
          at,
        },
      ];
    }
  }
  return [];
}

/** The only claimant that can be reached, if each other node is silent or on its history. */
function undisputedMaster({ nodes }: Sample): NodeTruth | undefined {
  const master = nodes.find((node) => node.role === 'master' && node.reachable && node.isClear);
  const agrees = (node: NodeTruth) =>
    node === master ||
    node.isSilent ||
    (node.role === 'replica' && node.id === master?.id && !node.isSyncing);
  return nodes.every(agrees) ? master : undefined;
}

function processOf(node: NodeTruth | undefined): string | undefined {
  return node && `${node.runId} ${node.id}`;
}

/** What was proven to be over gets no writes when the node that proved it falls silent, unless something newer disproves it. */
function heedsProof(
  entries: readonly Entry[],
  operations: readonly Operation[],
  { settings, bounds }: Terms,
): readonly Violation[] {
  if (settings.rights === 'no INFO' || settings.story === 'names') {
    return [];
  }
  const byWriter = new Set(operations.flatMap(({ op, issued }) => (issued.via === 'reader' ? [] : [op])));
  const proofs = new Proofs({ ...settings, ...bounds });
  const violations: Violation[] = [];
  let doubtful: { readonly server: string; readonly what: string; readonly at: number }[] = [];
  for (const entry of entries) {
    const { at } = entry;
    if (entry.kind === 'sample') {
      proofs.note(at, entry.sample.nodes);
      // Counted only if the next sample agrees, because something may have disproved it in between.
      violations.push(
        ...doubtful
          .filter(({ server }) => proofs.isOver(server))
          .map((each) => ({
            invariant:
              'nothing is written to a master that was proven to be over, and nothing newer disproves it',
            text: `${each.what} ${each.server}, which was proven to be over until ${proofs.provenUntil(each.server)}`,
            at: each.at,
          })),
      );
      doubtful = [];
    } else if (entry.kind === 'topology') {
      const server = masterOf(entry.topology);
      if (server !== undefined && proofs.isOver(server)) {
        doubtful.push({ server, what: 'the master is', at });
      }
      proofs.accept(entry.topology);
    } else if (entry.kind === 'written' && byWriter.has(entry.op) && proofs.isOver(entry.server)) {
      doubtful.push({ server: entry.server, what: `${entry.op} was written to`, at });
    }
  }
  return violations.slice(0, 1);
}

/** The app may see the end of a dispute up to a dial or a probe later or earlier than it happened. */
const SLACK_MS = 700;

/** Time accepts only what was the only claim for long enough. */
function takesItsTime(entries: readonly Entry[], { settings, bounds }: Terms): readonly Violation[] {
  const { acceptAfterMs, rights, story } = settings;
  if (rights === 'no INFO' || story === 'names') {
    return [];
  }
  const impeded = new Map<string, Spell>();
  let before: Topology['unproven'];
  return entries.flatMap((entry) => {
    if (entry.kind === 'sample') {
      for (const node of entry.sample.nodes) {
        const spell = impeded.get(node.node) ?? new Spell();
        spell.note(entry.at, impedimentOf(node, entry.sample));
        spell.settleAfter(bounds.staleMs);
        impeded.set(node.node, spell);
      }
    }
    if (entry.kind !== 'topology' || entry.subscriber !== 'first') {
      return [];
    }
    const { unproven } = entry.topology;
    const isNew = unproven !== undefined && before === undefined;
    before = unproven;
    const master = masterOf(entry.topology) ?? '';
    const until = impeded.get(master)?.settledUntil ?? -Infinity;
    return isNew && (acceptAfterMs === false || entry.at - until < acceptAfterMs - SLACK_MS)
      ? [
          {
            invariant: 'time accepts only what was undisputed for long enough',
            text: `${master} was accepted, which was out of reach or disputed until ${until}`,
            at: entry.at,
          },
        ]
      : [];
  });
}

/** Why time does not count for a claim. */
function impedimentOf(node: NodeTruth, { nodes }: Sample): string | undefined {
  if (node.isSilent || node.role !== 'master') {
    return 'out of reach';
  }
  const isSuperseded = ({ id }: NodeTruth) =>
    nodes.some((other) => !other.isSilent && other.previousId === id);
  const disputes = (other: NodeTruth) =>
    other !== node &&
    other.reachable &&
    other.isClear &&
    other.id !== node.id &&
    !other.isSyncing &&
    (other.role === 'replica' || !isSuperseded(other));
  return nodes.some(disputes) ? 'disputed' : undefined;
}
