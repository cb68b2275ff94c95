import type { Finding } from '../doctor/finding.js';
import type { GroupReport, NodeReport, Report } from './report.js';

/** The report for people: what there is, then what is wrong with it and what to do. */
export function renderText(report: Report): string {
  return [
    `${report.nodes.length} nodes, source ${report.source}, looked at in ${report.tookMs} ms`,
    ...report.groups.map(renderGroup),
    '',
    ...renderTable(report.nodes),
    ...renderAsides(report),
    '',
    ...merge(report.findings).flatMap(renderFinding),
    renderSummary(report),
  ].join('\n');
}

function renderGroup({ shard, kind, master }: GroupReport): string {
  return `${shard ?? 'group'}: ${kind}${master === undefined ? '' : `, master ${master}`}`;
}

const HEADS = [
  'node',
  'is',
  'server',
  'follows',
  'link',
  'lag',
  'history',
  'clients',
  'push',
  'channel',
  'took (ms)',
];

function renderTable(nodes: readonly NodeReport[]): readonly string[] {
  const rows = [HEADS, ...nodes.map(cellsOf)];
  const widths = HEADS.map((_head, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const NONE = '–';

function cellsOf(node: NodeReport): readonly string[] {
  const most = node.settings?.['maxclients'];
  return [
    node.endpoint,
    node.fault === undefined ? node.kind : `${node.kind} (${node.fault})`,
    node.server ?? NONE,
    node.follows ?? NONE,
    node.link ?? NONE,
    node.lagBytes === undefined ? NONE : `${node.lagBytes} B`,
    node.history?.map((id) => id.slice(0, 8)).join(' < ') ?? NONE,
    node.clients === undefined ? NONE : `${node.clients}${most === undefined ? '' : `/${most}`}`,
    node.watcher ?? NONE,
    node.apps === undefined ? (node.channel ?? NONE) : `${node.channel}, ${node.apps} apps`,
    Object.entries(node.tookMs)
      .map(([name, ms]) => `${name} ${ms}`)
      .join(', '),
  ];
}

function renderAsides({ names, nodes, sentinels }: Report): readonly string[] {
  return [
    ...names.map(({ name, addresses, ttl, ms }) => {
      const lifetime = ttl === undefined ? 'time to live unknown' : `for ${ttl} s`;
      return `name ${name}: ${addresses.join(', ') || 'no address'}; ${lifetime}; ${ms} ms`;
    }),
    ...nodes.flatMap(({ endpoint, certificates }) =>
      certificates.length === 0
        ? []
        : [
            `TLS of ${endpoint}: ${certificates.map(({ subject, daysLeft }) => `${subject} (${daysLeft} days left)`).join(' ← ')}`,
          ],
    ),
    ...alike(nodes, 'rights', ({ rights }) => rights),
    ...alike(nodes, 'settings', ({ settings }) => settings),
    ...sentinels.map((each) =>
      each.kind === 'usable'
        ? `Sentinel ${each.endpoint}: names ${each.master ?? 'no master'}, knows ${each.known} Sentinels`
        : `Sentinel ${each.endpoint}: ${each.reason}`,
    ),
  ];
}

type Values = Readonly<Record<string, string>> | undefined;

/** One line for all nodes that have the same values. */
function alike(
  nodes: readonly NodeReport[],
  what: string,
  valuesOf: (node: NodeReport) => Values,
): readonly string[] {
  const lines = new Map<string, readonly string[]>();
  for (const node of nodes) {
    const values = Object.entries(valuesOf(node) ?? {});
    const text = values.map(([name, value]) => `${name} ${value === '' ? '""' : value}`).join(', ');
    if (text !== '') {
      lines.set(text, [...(lines.get(text) ?? []), node.endpoint]);
    }
  }
  return [...lines].map(([text, endpoints]) => `${what} on ${endpoints.join(', ')}: ${text}`);
}

interface Merged extends Finding {
  readonly nodes: readonly string[];
}

/** The same finding on several nodes is one for the reader. */
function merge(findings: readonly Finding[]): readonly Merged[] {
  const merged = new Map<string, Merged>();
  for (const each of findings) {
    const key = [each.id, each.severity, each.what, each.remedy].join('\n');
    const nodes = [...(merged.get(key)?.nodes ?? []), ...(each.node === undefined ? [] : [each.node])];
    merged.set(key, { ...each, nodes });
  }
  return [...merged.values()];
}

function renderFinding({ severity, id, what, remedy, nodes }: Merged): readonly string[] {
  const where = nodes.length === 0 ? '' : `  ${nodes.join(', ')}`;
  return [`${severity.toUpperCase()} ${id}${where}`, `  ${what}`, `  → ${remedy}`, ''];
}

function renderSummary({ findings, status }: Report): string {
  const count = (severity: Finding['severity']) =>
    findings.filter((each) => each.severity === severity).length;
  return `${status}: ${count('error')} errors, ${count('warning')} warnings, ${count('note')} notes`;
}

/** One line for a finding that has begun or ended while `--watch` goes on. */
export function renderChange(
  change: 'begun' | 'ended',
  { severity, id, node, what, remedy }: Finding,
): string {
  const where = node === undefined ? '' : ` ${node}`;
  return change === 'begun'
    ? `+ ${severity.toUpperCase()} ${id}${where}: ${what} → ${remedy}`
    : `- ${severity.toUpperCase()} ${id}${where}: over`;
}
