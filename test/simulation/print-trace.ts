import { masterOf } from '../../lib/topology/topology.js';
import type { Entry } from './history.js';
import type { Result } from './schedule.js';

/** Prints the history of one schedule, one line per entry. */
export function printTrace({ settings, entries }: Result): void {
  console.log(JSON.stringify(settings, null, 2));
  for (const entry of entries) {
    const text = describe(entry);
    if (text !== undefined) {
      console.log(`${entry.at.toFixed(1).padStart(9)} ${entry.kind.padEnd(9)} ${text}`);
    }
  }
}

function describe(entry: Entry): string | undefined {
  switch (entry.kind) {
    case 'issued':
      return `${entry.op} ${entry.name} through the ${entry.via}${entry.transaction === undefined ? '' : `, ${entry.transaction}`}`;
    case 'written':
      return `${entry.op} to ${entry.node}, connection ${entry.connection}`;
    case 'executed':
      return `${entry.op} by ${entry.node}, connection ${entry.connection}: ${entry.reply}`;
    case 'settled':
      return `${entry.op} ${entry.outcome}: ${'value' in entry ? entry.value : entry.message}`;
    case 'topology':
      return entry.subscriber === 'first' ? describeTopology(entry.topology) : undefined;
    case 'milestone':
      return `${entry.name} ${entry.node ?? ''}`;
    case 'server':
      return `${entry.node}: ${entry.text}`;
    case 'dialled':
      return entry.node;
    case 'message':
      return entry.op;
    case 'sample':
      return undefined;
    default:
      return entry.text;
  }
}

function describeTopology(topology: (Entry & { readonly kind: 'topology' })['topology']): string {
  const nodes = topology.nodes.map((node) => `${node.endpoint} ${node.kind}`).join(', ');
  return `${topology.kind}, master ${masterOf(topology) ?? 'none'}, generation ${topology.generation}: ${nodes}`;
}
