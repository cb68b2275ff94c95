import type { NodeFault, NodeReport } from '../topology/observation.js';
import type { ControlConnection } from './control-connection.js';
import { isForbidden } from '../replies/is-forbidden.js';
import { parseHello } from '../replies/parse-hello.js';
import { countKeys, parseInfo, readReplication, type InfoFields } from '../replies/parse-info.js';
import { parseRole } from '../replies/parse-role.js';

/** What a node answered: a report, or why it cannot be used as a data node. */
export type Answer =
  | { readonly kind: 'report'; readonly report: NodeReport }
  | { readonly kind: 'unfit'; readonly fault: NodeFault; readonly message: string };

/** The command that reports the role, best first. A user who may not run one gets the next. */
export type ProbeCommand = 'INFO' | 'HELLO' | 'ROLE';

/** What stays the same for the life of a connection, because the server process stays the same. */
export interface ProbeSession {
  readonly command: ProbeCommand;
  readonly runId?: string;
  /** The sections of `INFO` to ask for; servers before Redis 7 accept only one at a time. */
  readonly sections?: readonly string[];
  readonly unfit?: Answer & { readonly kind: 'unfit' };
  /** The server was loading or busy, so the next probe needs a new session. */
  readonly isProvisional?: true;
}

type Call = ControlConnection['call'];

/** Finds out what kind of server a new connection leads to and which command the user may run. */
export async function startProbe(call: Call): Promise<ProbeSession> {
  try {
    const text = String(await call('INFO'));
    const info = parseInfo(text);
    const runId = info.get('run_id');
    const known = {
      command: 'INFO',
      ...(runId !== undefined && { runId }),
      sections: acceptsSeveralSections(info) ? ['replication', 'keyspace'] : ['replication'],
    } as const;
    // Valkey can name the field `server_mode`.
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

/** Asks for the role, in as much detail as the user may see. */
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

/** A new connection to a busy server is common: a script first blocks it long enough for the old one to time out. */
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

async function probeInfo(call: Call, { runId, sections = ['replication'] }: ProbeSession): Promise<Answer> {
  try {
    const text = String(await call('INFO', ...sections));
    const report = readReplication(parseInfo(text));
    const keys = countKeys(text);
    return toAnswer(
      report && {
        ...report,
        ...(runId !== undefined && { runId }),
        ...(keys !== undefined && { keys }),
      },
    );
  } catch (error) {
    // While a script runs, the server refuses INFO but still answers HELLO (measured on Redis 7, 8 and Valkey 9).
    const answer = isBusy(error) ? await probeHello(call) : rethrow(error);
    return answer.kind === 'report' && runId !== undefined
      ? { kind: 'report', report: { ...answer.report, runId } }
      : answer;
  }
}

/** Valkey reports a `redis_version` of 7 for compatibility. */
function acceptsSeveralSections(info: InfoFields): boolean {
  return Number.parseInt(info.get('redis_version') ?? '', 10) >= 7;
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
    ? {
        kind: 'unfit',
        fault: 'ERROR',
        message: 'the server does not report whether it is a master or a replica',
      }
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
