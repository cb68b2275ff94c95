import type { NodeReport } from '../topology/observation.js';
import type { ControlConnection } from './control-connection.js';
import { isForbidden } from '../replies/is-forbidden.js';
import { parseHello } from '../replies/parse-hello.js';
import { MAX_INFO_LENGTH, readInfoText, type Info, type InfoFields } from '../replies/info-text.js';
import { readId, readReplication, readVersion } from '../replies/parse-info.js';
import { parseRole } from '../replies/parse-role.js';
import type { Answer, Unfit } from './answer.js';
import {
  asksWhetherDown,
  down,
  mayAskForState,
  unfitMode,
  unfitWhileLoading,
  type ServerMode,
} from './server-mode.js';

/** The command that reports the role, best first. A user who may not run one gets the next. */
export type ProbeCommand = 'INFO' | 'HELLO' | 'ROLE';

/** What stays the same for the life of a connection, because the server process stays the same. */
export interface ProbeSession {
  readonly command: ProbeCommand;
  readonly runId?: string;
  readonly version?: string;
  /** The sections of `INFO` to ask for; servers before Redis 7 accept only one at a time. */
  readonly sections?: readonly string[];
  readonly unfit?: Unfit;
  /** In a cluster, whether the user may ask for the state of the cluster. */
  readonly tellsState?: boolean;
  /** The server was loading or busy, so the next probe needs a new session. */
  readonly isProvisional?: true;
  /** M21: what the server said of itself was untrusted, so a new session is needed once that is over. */
  readonly isUntrusted?: true;
}

type Call = ControlConnection['call'];

/** Finds out what kind of server a new connection leads to and which command the user may run. */
export async function startProbe(call: Call, expected: ServerMode = 'plain'): Promise<ProbeSession> {
  const session = await startSession(call, expected);
  return expected === 'cluster' && session.unfit === undefined
    ? { ...session, tellsState: await mayAskForState(call) }
    : session;
}

async function startSession(call: Call, expected: ServerMode): Promise<ProbeSession> {
  try {
    const info = await askInfo(call, []);
    switch (info.kind) {
      case 'too long':
        return { command: 'INFO', unfit: info.answer, isProvisional: true };
      case 'forged':
        return { ...(await startByHello(call, expected)), isUntrusted: true };
      case 'plain':
        return readSession(info.fields, expected);
      default:
        return info satisfies never;
    }
  } catch (error) {
    if (isBusy(error)) {
      return { ...(await startByHello(call, expected)), isProvisional: true };
    }
    return isForbidden(error) ? startWithoutInfo(call, expected) : rethrow(error);
  }
}

/** Whether the next probe needs a new connection, on which the server tells what it is. */
export function needsNewSession(session: ProbeSession, answer: Answer): boolean {
  const isOver = answer.kind === 'report' && answer.report.untrusted !== true;
  return session.isProvisional === true || (session.isUntrusted === true && isOver);
}

/** Asks for the role, in as much detail as the user may see. */
export async function probe(call: Call, session: ProbeSession): Promise<Answer> {
  if (session.unfit !== undefined) {
    return session.unfit;
  }
  // Sent together, so that the state costs no round trip of its own.
  const isDown = session.tellsState === true ? asksWhetherDown(call) : Promise.resolve(false);
  const answer = await ask(call, session);
  return (await isDown) ? down : answer;
}

async function ask(call: Call, session: ProbeSession): Promise<Answer> {
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

function readSession(fields: InfoFields, expected: ServerMode): ProbeSession {
  const runId = readId(fields.get('run_id'));
  const known = {
    command: 'INFO',
    ...(runId !== undefined && { runId }),
    ...readVersion(fields),
    sections: acceptsSeveralSections(fields) ? ['replication', 'keyspace'] : ['replication'],
  } as const;
  // Valkey can name the field `server_mode`.
  const unfit = unfitMode(fields.get('redis_mode') ?? fields.get('server_mode'), expected);
  const loading = unfitWhileLoading(fields.get('loading'));
  if (unfit === undefined && loading !== undefined) {
    return { ...known, unfit: loading, isProvisional: true };
  }
  return { ...known, ...(unfit && { unfit }) };
}

/** A new connection to a busy server is common: a script first blocks it long enough for the old one to time out. */
async function startByHello(call: Call, expected: ServerMode): Promise<ProbeSession> {
  const unfit = unfitMode(parseHello(await call('HELLO')).mode, expected);
  return { command: 'INFO', ...(unfit && { unfit }) };
}

async function startWithoutInfo(call: Call, expected: ServerMode): Promise<ProbeSession> {
  try {
    const unfit = unfitMode(parseHello(await call('HELLO')).mode, expected);
    return { command: 'HELLO', ...(unfit && { unfit }) };
  } catch (error) {
    return isForbidden(error) ? { command: 'ROLE' } : rethrow(error);
  }
}

async function probeInfo(
  call: Call,
  { runId, version, sections = ['replication'] }: ProbeSession,
): Promise<Answer> {
  const identity = { ...(runId !== undefined && { runId }), ...(version !== undefined && { version }) };
  try {
    const info = await askInfo(call, sections);
    switch (info.kind) {
      case 'too long':
        return info.answer;
      case 'forged':
        return withReport(await probeRole(call), { ...identity, untrusted: true });
      case 'plain':
        return withReport(toAnswer(readReplication(info)), identity);
      default:
        return info satisfies never;
    }
  } catch (error) {
    // While a script runs, the server refuses INFO but still answers HELLO (measured on Redis 7, 8 and Valkey 9).
    return isBusy(error) ? withReport(await probeHello(call), identity) : rethrow(error);
  }
}

type InfoReply =
  ({ readonly kind: Info['trust'] } & Info) | { readonly kind: 'too long'; readonly answer: Unfit };

async function askInfo(call: Call, sections: readonly string[]): Promise<InfoReply> {
  const reply = await call('INFO', ...sections);
  const text = typeof reply === 'string' ? reply : '';
  if (text.length > MAX_INFO_LENGTH) {
    const message = `its INFO has ${text.length} characters; at most ${MAX_INFO_LENGTH} are read`;
    return { kind: 'too long', answer: { kind: 'unfit', fault: 'ERROR', message } };
  }
  const info = readInfoText(text);
  return { kind: info.trust, ...info };
}

/** M21: the role from a reply in which the text of a replica is an element of its own. The user may not run ROLE, perhaps. */
async function probeRole(call: Call): Promise<Answer> {
  try {
    return toAnswer(parseRole(await call('ROLE')));
  } catch (error) {
    return isForbidden(error) ? probeHello(call) : rethrow(error);
  }
}

function withReport(answer: Answer, more: Partial<NodeReport>): Answer {
  return answer.kind === 'report' ? { kind: 'report', report: { ...answer.report, ...more } } : answer;
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

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('BUSY');
}

function rethrow(error: unknown): never {
  throw error;
}
