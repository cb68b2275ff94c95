/** One app on one server. */
export interface Cell {
  /** `Node 20.19.0, Nest 11.0.0, ioredis 5.4.0` */
  readonly client: string;
  /** `Redis 7.0.15` */
  readonly server: string;
  /** `undefined`: all was well. */
  readonly fault: string | undefined;
}

const begin = '<!-- written by npm run matrix -- --write -->';
const end = '<!-- end -->';

/** A table of what was run, and of nothing else: a row for each client, a column for each server. */
export function tableOf(cells: readonly Cell[], now: Date): string {
  const servers = [...new Set(cells.map(({ server }) => server))];
  const clients = [...new Set(cells.map(({ client }) => client))];
  const resultOf = (client: string, server: string) => {
    const cell = cells.find((each) => each.client === client && each.server === server);
    if (cell === undefined) return '';
    return cell.fault === undefined ? '✓' : 'failed';
  };
  const rows = [
    ['Node.js', 'Nest', 'ioredis', ...servers],
    ['---', '---', '---', ...servers.map(() => ':-:')],
    ...clients.map((client) => [
      ...client.split(', ').map((part) => part.replace(/^\D+/, '')),
      ...servers.map((server) => resultOf(client, server)),
    ]),
  ];
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  return [`Run on ${now.toISOString().slice(0, 10)}: ${cells.length} combinations.`, '', ...lines].join('\n');
}

/** The page with `table` in the place of the one before. */
export function putBlock(page: string, table: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`The page has no ${begin} … ${end}`);
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}
