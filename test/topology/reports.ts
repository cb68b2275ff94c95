import { formatEndpoint, parseEndpoint } from '../../lib/topology/endpoint.js';
import type { ReplicationHistory } from '../../lib/topology/lineage.js';
import type { NodeFault, NodeReport, Observation } from '../../lib/topology/observation.js';
import type { Signal, SignalKind } from '../../lib/topology/signal.js';

export const A = '10.0.0.1:6379';
export const B = '10.0.0.2:6379';
export const C = '10.0.0.3:6379';
export const D = '10.0.0.4:6379';
/** A name that leads to a node which is also named by its address. */
export const READER = 'reader.example:6379';

/** What one node says when it is asked, or that it says nothing. */
export type Saying =
  | { readonly kind: 'answered'; readonly report: NodeReport }
  | { readonly kind: 'faulty'; readonly fault: NodeFault; readonly message: string }
  | { readonly kind: 'pending' };

interface ServerWords {
  /** By default a node that is named A has run id `run A`; a restart changes it. */
  readonly run?: string;
  readonly offset?: number;
  /** `R5` or, with the id before the last promotion and the first offset not shared with it, `R5/R1@1254`. */
  readonly on: string;
}

export function master({ run, offset, on }: ServerWords): Saying {
  return {
    kind: 'answered',
    report: { role: 'master', ...identity(run, offset), ...history(on), named: [] },
  };
}

export function replica({
  run,
  offset,
  on,
  link = 'up',
}: ServerWords & { readonly link?: NodeReport['link'] }): Saying {
  return {
    kind: 'answered',
    report: { role: 'replica', ...identity(run, offset), ...history(on), ...(link && { link }), named: [] },
  };
}

/** What a user who may only run HELLO learns. */
export function onlyRole(role: NodeReport['role']): Saying {
  return { kind: 'answered', report: { role, named: [] } };
}

export function silent(fault: NodeFault, message = 'no answer within 250 ms'): Saying {
  return { kind: 'faulty', fault, message };
}

export const pending: Saying = { kind: 'pending' };

export interface Look {
  readonly at: number;
  readonly saw: Readonly<Record<string, Saying>>;
  /** Default: a poll at that very moment. */
  readonly signal?: Signal | SignalKind;
}

/** The observations of one look at all nodes. */
export function observe({ at, saw, signal = 'poll' }: Look): readonly Observation[] {
  const why = typeof signal === 'string' ? { kind: signal, at } : signal;
  return Object.entries(saw).map(([name, saying]) => {
    const base = { endpoint: parseEndpoint(name), at, signal: why };
    return saying.kind === 'answered'
      ? { ...base, ...saying, report: withRunId(saying.report, formatEndpoint(base.endpoint)) }
      : { ...base, ...saying };
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
