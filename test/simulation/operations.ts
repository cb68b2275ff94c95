import type { Entry, Happening } from './history.js';

type Of<Kind extends Happening['kind']> = Entry & { readonly kind: Kind };

/** Everything that happened to one command. */
export interface Operation {
  readonly op: string;
  readonly issued: Of<'issued'>;
  readonly written: readonly Of<'written'>[];
  readonly executed: readonly Of<'executed'>[];
  readonly settled: Of<'settled'> | undefined;
}

interface Draft extends Operation {
  readonly written: Of<'written'>[];
  readonly executed: Of<'executed'>[];
  settled: Of<'settled'> | undefined;
}

/** The commands of a history, in the order in which they were issued. */
export function operationsOf(entries: readonly Entry[]): readonly Operation[] {
  const drafts = new Map<string, Draft>();
  for (const entry of entries) {
    switch (entry.kind) {
      case 'issued':
        drafts.set(entry.op, { op: entry.op, issued: entry, written: [], executed: [], settled: undefined });
        break;
      case 'written':
        drafts.get(entry.op)?.written.push(entry);
        break;
      case 'executed':
        drafts.get(entry.op)?.executed.push(entry);
        break;
      case 'settled':
        Object.assign(drafts.get(entry.op) ?? {}, { settled: entry });
        break;
      default:
    }
  }
  return [...drafts.values()];
}

/** The commands of each transaction. */
export function transactionsOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const name = operation.issued.transaction;
    if (name !== undefined) {
      const group = groups.get(name) ?? [];
      group.push(operation);
      groups.set(name, group);
    }
  }
  return [...groups.values()];
}
