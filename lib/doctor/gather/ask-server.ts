import type { ControlConnection } from '../../observers/control-connection.js';
import { fieldsIn } from '../../replies/fields-in.js';
import { readInfoText } from '../../replies/info-text.js';
import { parseHello } from '../../replies/parse-hello.js';
import { readReplication } from '../../replies/parse-info.js';
import { safeText } from '../../topology/safe-text.js';
import type { Channel, Right, ServerFacts, Write } from '../facts.js';
import { askChannel, askRight, type Call } from './ask-rights.js';
import { askWatcher } from './ask-watcher.js';
import { readFields } from './read-fields.js';
import type { Stopwatch } from './stopwatch.js';
import { failureOf, messageOf, within } from './within.js';

export interface ServerQuestions {
  readonly connect: (role: 'observer' | 'watcher') => ControlConnection;
  readonly mode: 'plain' | 'cluster';
  /** Whether it is the master, which is to take writes. */
  readonly isMaster: boolean;
  /** In a cluster, one in a slot of its shard. */
  readonly key: string;
  readonly channel: string;
  readonly database: number;
  readonly limitMs: number;
  readonly stopwatch: Stopwatch;
}

/** Settings that an expert would look at. None of them is a secret. */
const SETTINGS = [
  'maxclients',
  'timeout',
  'tcp-keepalive',
  'repl-backlog-size',
  'repl-timeout',
  'repl-ping-replica-period',
  'min-replicas-to-write',
  'min-replicas-max-lag',
  'save',
  'appendonly',
  'protected-mode',
  'maxmemory',
  'maxmemory-policy',
  'replica-read-only',
  'replica-priority',
] as const;

/** Logs in and asks what the app would ask, and more. Changes nothing. Rejects if the login fails. */
export async function askServer(questions: ServerQuestions): Promise<ServerFacts> {
  const { connect, database, limitMs, stopwatch } = questions;
  const control = connect('observer');
  const call: Call = (...command) => within(limitMs, control.call(...command));
  try {
    await stopwatch.time('login', () => within(limitMs, control.open()));
    const selected = await select(call, database);
    const told = await stopwatch.time('info', () => askInfo(call));
    const settings = await stopwatch.time('settings', () => askSettings(call));
    const [watcher, rights] = await Promise.all([
      askPush(questions, call),
      stopwatch.time('rights', () => askRights(questions, call)),
    ]);
    const written = await stopwatch.time('write', () => askWrite(questions, call));
    const heard = await stopwatch.time('channel', () => askFleet(control, call, { questions, written }));
    return {
      ...told.facts,
      settings,
      rights: [told.right, ...rights, ...written.rights, ...heard.rights],
      database: selected,
      watcher,
      channel: heard.channel,
      ...(written.write && { write: written.write }),
    };
  } finally {
    control.close();
  }
}

async function select(call: Call, database: number): Promise<ServerFacts['database']> {
  try {
    if (database !== 0) {
      await call('SELECT', String(database));
    }
    return 'selected';
  } catch (error) {
    return failureOf(error);
  }
}

async function askInfo(call: Call): Promise<{
  readonly facts: Pick<ServerFacts, 'info' | 'named' | 'follows'>;
  readonly right: Right;
}> {
  const reply = call('INFO');
  const right = await askRight('info', reply);
  const text = right.outcome === 'granted' ? String(await reply.catch(() => '')) : '';
  const report = readReplication(readInfoText(text));
  return {
    right,
    facts: {
      info: readFields(text),
      named: report?.named ?? [],
      ...(report?.follows && { follows: report.follows }),
    },
  };
}

/** One at a time, because Redis 6.2 takes no more; sent together. */
async function askSettings(call: Call): Promise<ReadonlyMap<string, string>> {
  const replies = await Promise.allSettled(SETTINGS.map((name) => call('CONFIG', 'GET', name)));
  return new Map(
    replies.flatMap((reply) =>
      reply.status === 'fulfilled'
        ? [...fieldsIn(reply.value)].map(([name, value]) => [name, safeText(value)] as const)
        : [],
    ),
  );
}

async function askPush(questions: ServerQuestions, call: Call): Promise<ServerFacts['watcher']> {
  const { connect, mode, stopwatch } = questions;
  // There are no watchers in a cluster.
  return mode === 'cluster'
    ? 'unconfirmed'
    : stopwatch.time('watcher', () => askWatcher({ ...questions, call, watcher: connect('watcher') }));
}

async function askRights({ mode, key, isMaster }: ServerQuestions, call: Call): Promise<readonly Right[]> {
  const asked =
    mode === 'cluster'
      ? [
          askRight('cluster|nodes', call('CLUSTER', 'NODES')),
          askRight('cluster|info', call('CLUSTER', 'INFO')),
        ]
      : [askRight('xread', call('XREAD', 'COUNT', '1', 'STREAMS', key, '$'))];
  // On a master it is a write, which may have to wait.
  return Promise.all([...asked, ...(isMaster ? [] : [askRight('setrange', call('SETRANGE', key, '0', ''))])]);
}

interface Written {
  readonly rights: readonly Right[];
  readonly write?: Write;
}

/** As the health check writes: it is refused whenever a real write would be, and changes no key. */
async function askWrite({ key, isMaster }: ServerQuestions, call: Call): Promise<Written> {
  if (!isMaster) {
    return { rights: [] };
  }
  const reply = call('SETRANGE', key, '0', '');
  try {
    await reply;
    return { rights: [{ name: 'setrange', outcome: 'granted' }], write: { kind: 'taken' } };
  } catch (error) {
    if (failureOf(error).code === 'ETIMEDOUT') {
      return { rights: [], write: { kind: 'silent' } };
    }
    const right = await askRight('setrange', reply);
    return right.outcome === 'granted'
      ? { rights: [right], write: { kind: 'refused', message: messageOf(error) } }
      : { rights: [right] };
  }
}

interface Fleet {
  readonly questions: ServerQuestions;
  readonly written: Written;
}

/** A server that makes writes wait makes messages wait, too. */
async function askFleet(
  control: ControlConnection,
  call: Call,
  { questions: { channel, limitMs }, written }: Fleet,
): Promise<{ readonly channel: Channel; readonly rights: readonly Right[] }> {
  if (written.write?.kind === 'silent') {
    return { channel: { kind: 'unknown' }, rights: [] };
  }
  const { protocol } = parseHello(await call('HELLO').catch(() => undefined));
  return protocol === '3'
    ? askChannel({ call, subscribe: control.subscribe }, channel, limitMs)
    : { channel: { kind: 'no RESP3' }, rights: [] };
}
