import { counters } from './keys.js';
import { excusesLoss, isDone, ledgerOf } from './evidence.js';
import { lostItems } from './check-queue.js';
import type { End, Fault, History, Operation, Succession } from './history.js';

export interface Outcome {
  readonly seed: number;
  readonly minutes: number;
  readonly history: History;
  readonly violations: readonly string[];
}

/** The events and findings of the run, as lines. */
export function describeOutcome({ seed, minutes, history, violations }: Outcome): readonly string[] {
  const explained = history.successions.flatMap((succession) => lossOf(succession, history) ?? []);
  const total = explained.reduce((sum, { writes }) => sum + writes, 0);
  return [
    '',
    `seed ${seed}, ${minutes.toFixed(1)} minutes, ${history.faults.length} faults, ${history.operations.length} operations`,
    '',
    ...faultTable(history.faults),
    '',
    ...operationTable(history.operations),
    '',
    `acknowledged ids that replication lost, each found on the superseded master: ${total}`,
    ...explained.map(({ line }) => `  ${line}`),
    '',
    `violations: ${violations.length}`,
    ...violations.map((violation) => `  ${violation}`),
  ];
}

function faultTable(faults: readonly Fault[]): readonly string[] {
  const names = [...new Set(faults.map(({ name }) => name))].toSorted();
  return [
    `${'fault'.padEnd(48)}${'times'.padStart(6)}${'longest stall'.padStart(18)}`,
    ...names.map((name) => {
      const stalls = faults.filter((fault) => fault.name === name).map(({ stallMs }) => stallMs);
      const longest = `${Math.max(...stalls).toFixed(0)} ms`;
      return `${name.padEnd(48)}${String(stalls.length).padStart(6)}${longest.padStart(18)}`;
    }),
  ];
}

const columns = [
  'done',
  'not applied',
  'unknown',
  'aborted',
  'timed out',
  'failed',
] as const satisfies readonly End['kind'][];

function operationTable(operations: readonly Operation[]): readonly string[] {
  const groups = groupOperations(operations);
  return [
    row('operation', [...columns, 'no end']),
    ...[...groups].map(([name, members]) => {
      const count = (kind: End['kind'] | undefined) => members.filter(({ end }) => end?.kind === kind).length;
      return row(name, [...columns.map(count), count(undefined)]);
    }),
  ];
}

function row(name: string, cells: readonly (number | string)[]): string {
  return name.padEnd(40) + cells.map((cell) => String(cell).padStart(13)).join('');
}

function groupOperations(operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const name = `${operation.kind} by ${operation.way}`;
    const members = groups.get(name) ?? [];
    members.push(operation);
    groups.set(name, members);
  }
  return new Map([...groups].toSorted(([a], [b]) => a.localeCompare(b)));
}

interface Loss {
  /** Acknowledged ids. */
  readonly writes: number;
  readonly line: string;
}

/** What was lost with the old master, without increments, because it is unknown which of them were acknowledged. */
function lossOf(succession: Succession, history: History): Loss | undefined {
  const { fault, from, to, promotedAt, tail, fork, lostBytes } = succession;
  if (!excusesLoss(succession)) return undefined;
  const ledger = ledgerOf(history);
  const ids = [...tail.log, ...tail.left, ...lostItems(succession)];
  const acknowledged = ids.flatMap((id) => ledger.get(id) ?? []).filter(isDone);
  const increments = counters.reduce((sum, each) => sum + tail.counters[each] - fork.counters[each], 0);
  if (ids.length + increments === 0) return undefined;
  const latest = Math.max(...acknowledged.map(({ endedAt = 0 }) => endedAt - promotedAt));
  const parts = [
    `${acknowledged.length} of ${ids.length} ids were acknowledged`,
    ...(acknowledged.length > 0 ? [`the last ${latest.toFixed(0)} ms after the promotion`] : []),
    `${increments} increments`,
    lostBytes === undefined ? 'bytes not known after a restart' : `${lostBytes} bytes`,
  ];
  return { writes: acknowledged.length, line: `${fault}, ${from} → ${to}: ${parts.join(', ')}` };
}
