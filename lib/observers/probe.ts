import type { NodeFault, NodeReport } from '../topology/observation.js';
import type { ControlConnection } from './control-connection.js';
import { isForbidden } from '../replies/is-forbidden.js';
import { parseHello } from '../replies/parse-hello.js';
import { parseInfo, readReplication } from '../replies/parse-info.js';
import { parseRole } from '../replies/parse-role.js';

/** What a node answered: a report, or that it is not a server of a master/replica group. */
export type Answer =
  | { readonly kind: 'report'; readonly report: NodeReport }
  | { readonly kind: 'unfit'; readonly fault: NodeFault; readonly message: string };

/** Which command tells the role, best first. A user who may not run one is served by the next. */
export type ProbeCommand = 'INFO' | 'HELLO' | 'ROLE';

/** What stays the same as long as a connection lives, because the server process does. */
export interface ProbeSession {
  readonly command: ProbeCommand;
  readonly runId?: string;
  readonly unfit?: Answer & { readonly kind: 'unfit' };
  /** True for the moment only, because the server was loading or busy: the next look begins anew. */
  readonly isProvisional?: true;
}

type Call = ControlConnection['call'];

/** Asks a new connection what kind of server it leads to and which command the user may run. */
export async function startProbe(call: Call): Promise<ProbeSession> {
  try {
    const info = parseInfo(String(await call('INFO')));
    const runId = info.get('run_id');
    const known = { command: 'INFO', ...(runId !== undefined && { runId }) } as const;
    // Valkey calls it by its own name.
    const unfit = unfitMode(info.get('redis_mode') ?? info.get('server_mode'));
    const loading = unfitWhileLoading(info.get('loading'));
    if (unfit === undefined && loading !== undefined) {
      return { ...known, unfit: loading, isProvisional: true };
    }
    return { ...known, ...(unfit && { unfit }) };
  } catch (error) {
    if (isBusy(error)) {
      return startWhileBusy(call);
    }
    return isForbidden(error) ? startWithoutInfo(call) : rethrow(error);
  }
}

/** Asks for the role, with as much detail as the user may see. */
export async function probe(call: Call, session: ProbeSession): Promise<Answer> {
  if (session.unfit !== undefined) {
    return session.unfit;
  }
  switch (session.command) {
    case 'INFO':
      return probeInfo(call, session);
    case 'HELLO':
      return probeHello(call);
    case 'ROLE':
      return toAnswer(parseRole(await call('ROLE')));
    default:
      return session.command satisfies never;
  }
}

/** A script hangs the server for a while before it is called busy, so that a new connection is the rule then. */
async function startWhileBusy(call: Call): Promise<ProbeSession> {
  const unfit = unfitMode(parseHello(await call('HELLO')).mode);
  return { command: 'INFO', isProvisional: true, ...(unfit && { unfit }) };
}

async function startWithoutInfo(call: Call): Promise<ProbeSession> {
  try {
    const unfit = unfitMode(parseHello(await call('HELLO')).mode);
    return { command: 'HELLO', ...(unfit && { unfit }) };
  } catch (error) {
    return isForbidden(error) ? { command: 'ROLE' } : rethrow(error);
  }
}

async function probeInfo(call: Call, { runId }: ProbeSession): Promise<Answer> {
  try {
    const report = readReplication(parseInfo(String(await call('INFO', 'replication'))));
    return toAnswer(report && { ...report, ...(runId !== undefined && { runId }) });
  } catch (error) {
    // A busy script silences INFO; HELLO still answers then (signals measured on Redis 7, 8 and Valkey 9).
    const answer = isBusy(error) ? await probeHello(call) : rethrow(error);
    return answer.kind === 'report' && runId !== undefined
      ? { kind: 'report', report: { ...answer.report, runId } }
      : answer;
  }
}

async function probeHello(call: Call): Promise<Answer> {
  const { role } = parseHello(await call('HELLO'));
  if (role === 'master') {
    return { kind: 'report', report: { role, named: [] } };
  }
  return toAnswer(role === 'replica' || role === 'slave' ? { role: 'replica', named: [] } : undefined);
}

function toAnswer(report: NodeReport | undefined): Answer {
  return report === undefined
    ? { kind: 'unfit', fault: 'ERROR', message: 'the server does not say whether it is master or replica' }
    : { kind: 'report', report };
}

function unfitMode(mode: string | undefined): (Answer & { readonly kind: 'unfit' }) | undefined {
  switch (mode) {
    case 'sentinel':
      return {
        kind: 'unfit',
        fault: 'SENTINEL',
        message: 'this is a Sentinel, not a data node; name the data nodes',
      };
    case 'cluster':
      return {
        kind: 'unfit',
        fault: 'CLUSTER',
        message: 'cluster mode is on; this library serves plain replication',
      };
    default:
      return undefined;
  }
}

function unfitWhileLoading(loading: string | undefined): (Answer & { readonly kind: 'unfit' }) | undefined {
  return loading === '1'
    ? { kind: 'unfit', fault: 'LOADING', message: 'the server is loading its data' }
    : undefined;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('BUSY');
}

function rethrow(error: unknown): never {
  throw error;
}
