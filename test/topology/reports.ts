import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';
import type { ReplicationHistory } from '../../lib/topology/lineage.js';
import type { NodeFault, NodeReport, Observation } from '../../lib/topology/observation.js';
import type { Signal, SignalKind } from '../../lib/topology/signal.js';

export const A = '10.0.0.1:6379';
export const B = '10.0.0.2:6379';
export const C = '10.0.0.3:6379';
export const D = '10.0.0.4:6379';
/** A host name for a node that is also listed by its IP address. */
export const READER = 'reader.example:6379';

/** What a probe of one node finds: its report, or why it has none. */
export type ProbeResult =
  | { readonly kind: 'answered'; readonly report: NodeReport }
  | { readonly kind: 'faulty'; readonly fault: NodeFault; readonly message: string }
  | { readonly kind: 'pending' };

interface ReportedFields {
  /** Default: `run of <endpoint>`. Pass another one for a process that was restarted. */
  readonly run?: string;
  readonly offset?: number;
  /** How many keys it has. */
  readonly keys?: number;
  /** Replication id: `R5`, or `R5/R1@1254` with the previous id and the first offset not shared with it. */
  readonly on: string;
}

export function master({ run, offset, keys, on }: ReportedFields): ProbeResult {
  const base = { role: 'master', ...identity(run, offset), ...history(on) } as const;
  return { kind: 'answered', report: { ...base, ...(keys !== undefined && { keys }), named: [] } };
}

export function replica({
  run,
  offset,
  on,
  link = 'up',
  follows,
}: ReportedFields & { readonly link?: NodeReport['link']; readonly follows?: string }): ProbeResult {
  return {
    kind: 'answered',
    report: {
      role: 'replica',
      ...identity(run, offset),
      ...history(on),
      ...(link && { link }),
      ...(follows !== undefined && { follows: parseEndpoint(follows) }),
      named: [],
    },
  };
}

/** All that a user without the permission for `INFO` and `ROLE` can learn. */
export function onlyRole(role: NodeReport['role']): ProbeResult {
  return { kind: 'answered', report: { role, named: [] } };
}

/** What is known of a node while others write into its `INFO`. Its run id may be known from before. */
export function untrusted(
  role: NodeReport['role'],
  { run, offset }: Omit<ReportedFields, 'on'> = {},
): ProbeResult {
  return { kind: 'answered', report: { role, ...identity(run, offset), untrusted: true, named: [] } };
}

export function faulty(fault: NodeFault, message = 'no answer within 250 ms'): ProbeResult {
  return { kind: 'faulty', fault, message };
}

export const pending: ProbeResult = { kind: 'pending' };

/** One probe of every node, all at the same moment. */
export interface ProbeRound {
  readonly at: number;
  readonly results: Readonly<Record<string, ProbeResult>>;
  /** Default: a poll at the same moment. */
  readonly signal?: Signal | SignalKind;
}

/** The observations of one round. */
export function observe({ at, results, signal = 'poll' }: ProbeRound): readonly Observation[] {
  const cause = typeof signal === 'string' ? { kind: signal, at } : signal;
  return Object.entries(results).map(([name, result]) => {
    const base = { endpoint: parseEndpoint(name), at, signal: cause };
    return result.kind === 'answered'
      ? { ...base, ...result, report: withRunId(result.report, formatEndpoint(base.endpoint)) }
      : { ...base, ...result };
  });
}

function identity(run: string | undefined, offset: number | undefined) {
  return { ...(run !== undefined && { runId: run }), ...(offset !== undefined && { offset }) };
}

function history(on: string): { readonly history: ReplicationHistory } {
  const [id = '', earlier] = on.split('/');
  if (earlier === undefined) {
    return { history: { id } };
  }
  const [previous = '', from = '1'] = earlier.split('@');
  return { history: { id, previous: { id: previous, from: Number(from) } } };
}

function withRunId(report: NodeReport, endpoint: string): NodeReport {
  return report.history === undefined || report.runId !== undefined
    ? report
    : { ...report, runId: `run of ${endpoint}` };
}
