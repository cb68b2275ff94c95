import type { Attributes } from '@opentelemetry/api';
import type { ConnectionCounts } from '../connections/outcomes/ledger.js';
import type { HoldOptions } from '../connections/outcomes/rejections.js';
import type { Observe } from './continued.js';
import type { Instruments } from './instruments.js';
import { CONNECTION, FAULT, INSTANCE, label, OUTCOME, POOL, POOL_STATE, REASON } from './names.js';
import { outcomeRows } from './outcome-rows.js';

type Connection = ConnectionCounts['connection'];

/** The attributes of everything that is about one connection of an instance. */
export function ofConnection(common: Attributes, connection: Connection): Attributes {
  return { ...common, [CONNECTION]: connection, [POOL]: `${String(common[INSTANCE])}:${connection}` };
}

export function observeCommandCounters(
  observe: Observe,
  { counters }: Instruments,
  { counts, common }: { readonly counts: readonly ConnectionCounts[]; readonly common: Attributes },
): void {
  for (const [connection, all] of byConnection(counts)) {
    const attributes = ofConnection(common, connection);
    for (const { outcome, reason, read } of outcomeRows) {
      const which = { [OUTCOME]: label(outcome), ...(reason !== undefined && { [REASON]: label(reason) }) };
      observe(
        counters.commands,
        sum(all, ({ totals }) => read(totals)),
        { ...attributes, ...which },
      );
    }
    observe(
      counters.timeouts,
      sum(all, ({ totals }) => totals.notApplied['timed out'] ?? 0),
      attributes,
    );
    for (const fault of new Set(all.flatMap(({ failures }) => Object.keys(failures)))) {
      const count = sum(all, ({ failures }) => new Map(Object.entries(failures)).get(fault) ?? 0);
      observe(counters.failedConnects, count, { ...attributes, [FAULT]: fault });
    }
  }
}

export function observeCommandGauges(
  observe: Observe,
  { gauges }: Instruments,
  {
    counts,
    common,
    hold,
  }: {
    readonly counts: readonly ConnectionCounts[];
    readonly common: Attributes;
    readonly hold: HoldOptions;
  },
): void {
  for (const [connection, all] of byConnection(counts)) {
    const attributes = ofConnection(common, connection);
    observe(
      gauges.connections,
      sum(all, ({ open }) => open),
      { ...attributes, [POOL_STATE]: 'used' },
    );
    observe(
      gauges.pending,
      sum(all, ({ held }) => held.commands),
      attributes,
    );
    observe(
      gauges.heldBytes,
      sum(all, ({ held }) => held.bytes),
      attributes,
    );
    observe(gauges.heldShare, Math.max(...all.map(({ held }) => shareOf(held, hold))), attributes);
  }
}

/** The shards of a cluster together, because each of these series for each shard would be too many. */
function byConnection(
  counts: readonly ConnectionCounts[],
): ReadonlyMap<Connection, readonly ConnectionCounts[]> {
  const groups = new Map<Connection, readonly ConnectionCounts[]>();
  for (const each of counts) {
    groups.set(each.connection, [...(groups.get(each.connection) ?? []), each]);
  }
  return groups;
}

/** Each shard has the whole limits, and so has each duplicate, which are counted together: the share is then too high. */
function shareOf(
  { commands, bytes }: ConnectionCounts['held'],
  { maxCommands, maxBytes }: HoldOptions,
): number {
  return Math.max(commands / Math.max(1, maxCommands), bytes / Math.max(1, maxBytes));
}

function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
