import { describe, expect, test } from 'vitest';
import { needsNewSession, probe, startProbe } from '../../lib/observers/probe.js';
import { MAX_INFO_LENGTH } from '../../lib/replies/info-text.js';
import { matching } from '../support/matchers.js';
import { redis7Master, redis7Replica } from '../replies/info-texts.js';

const NOPERM = new Error("NOPERM this user has no permissions to run the 'info' command");
const UNKNOWN = new Error("ERR unknown command 'INFO', with args beginning with: ");
const BUSY = new Error(
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
);
const full = (fields = '') => `redis_mode:standalone\r\nrun_id:abc\r\nloading:0\r\n${fields}${redis7Master}`;
const hello = (role: string, mode = 'standalone') => ['server', 'redis', 'mode', mode, 'role', role];

/** A connection whose replies are scripted by command; the commands it received are kept. */
function server(replies: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const call = async (...words: readonly [string, ...string[]]): Promise<unknown> => {
    const command = words.join(' ');
    asked.push(command);
    const reply = replies[command];
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return { asked, call };
}

/** The first answer on a new connection. */
async function firstAnswer(replies: Readonly<Record<string, unknown>>) {
  const { call, asked } = server(replies);
  const session = await startProbe(call);
  return { session, answer: await probe(call, session), asked };
}

describe('a user who may run INFO', () => {
  test('sees role, run id, history and offset, and from then on asks for one section only', async () => {
    const { answer, asked } = await firstAnswer({ INFO: full(), 'INFO replication': redis7Master });
    expect(answer).toMatchObject({
      kind: 'report',
      report: { role: 'master', runId: 'abc', offset: 1516, history: { id: matching(/^6b7a/) } },
    });
    expect(asked).toEqual(['INFO', 'INFO replication']);
  });

  test('of a server that hides its run id sees the rest', async () => {
    const { answer } = await firstAnswer({ INFO: redis7Replica, 'INFO replication': redis7Replica });
    expect(answer).toMatchObject({ kind: 'report', report: { role: 'replica' } });
    expect(answer).not.toHaveProperty('report.runId');
  });

  test('learns the role from HELLO while a script keeps the server busy', async () => {
    const { call } = server({ 'INFO replication': BUSY, HELLO: hello('master') });
    expect(await probe(call, { command: 'INFO', runId: 'abc' })).toEqual({
      kind: 'report',
      report: { role: 'master', runId: 'abc', named: [] },
    });
  });

  test('learns it also on a new connection to a busy server, and starts a new session at the next probe', async () => {
    const { answer, session } = await firstAnswer({
      INFO: BUSY,
      'INFO replication': BUSY,
      HELLO: hello('master'),
    });
    expect(answer).toEqual({ kind: 'report', report: { role: 'master', named: [] } });
    expect(session.isProvisional).toBe(true);
  });
});

describe('a server into whose INFO others have written', () => {
  const forged = redis7Master.replace('slave0:ip=10.0.0.2', 'slave0:ip=x\r\nrole:slave\r\nrun_id:other\r\ny');
  const session = { command: 'INFO', runId: 'abc' } as const;

  test('is asked by ROLE; what it reported on the same connection before is kept, and no id is believed', async () => {
    const { call, asked } = server({ 'INFO replication': forged, ROLE: ['master', 7, []] });
    expect(await probe(call, session)).toEqual({
      kind: 'report',
      report: { role: 'master', offset: 7, runId: 'abc', untrusted: true, named: [] },
    });
    expect(asked).toEqual(['INFO replication', 'ROLE']);
  });

  test.each([NOPERM, UNKNOWN])('is asked by HELLO where ROLE ends with "%s"', async (refusal) => {
    const { call } = server({ 'INFO replication': forged, ROLE: refusal, HELLO: hello('replica') });
    expect(await probe(call, session)).toMatchObject({ report: { role: 'replica', untrusted: true } });
  });

  test('is told from a Sentinel by HELLO, and has no run id', async () => {
    const text = full().replace('slave0:ip=10.0.0.2', 'slave0:ip=x\r\nredis_mode:sentinel\r\ny');
    const replies = {
      INFO: text,
      'INFO replication': forged,
      ROLE: ['master', 7, []],
      HELLO: hello('master'),
    };
    const { session: begun, answer } = await firstAnswer(replies);
    expect(answer).toEqual({
      kind: 'report',
      report: { role: 'master', offset: 7, untrusted: true, named: [] },
    });
    const sentinel = await firstAnswer({ ...replies, HELLO: hello('master', 'sentinel') });
    expect(sentinel.answer).toMatchObject({ fault: 'SENTINEL' });
    expect(needsNewSession(begun, answer)).toBe(false);
    expect(needsNewSession(begun, { kind: 'report', report: { role: 'master', named: [] } })).toBe(true);
  });
});

test.each(['INFO', 'INFO replication'])(
  'a server whose %s is longer than any that is read is unfit',
  async (which) => {
    const long = `role:master\r\n${'x'.repeat(MAX_INFO_LENGTH)}`;
    const { answer, session } = await firstAnswer({
      INFO: full(),
      'INFO replication': redis7Master,
      [which]: long,
    });
    const message = `its INFO has ${long.length} characters; at most ${MAX_INFO_LENGTH} are read`;
    expect(answer).toEqual({ kind: 'unfit', fault: 'ERROR', message });
    expect(needsNewSession(session, answer)).toBe(which === 'INFO');
  },
);

describe('a user who may not', () => {
  test.each([
    ['by ACL', NOPERM],
    ['because it was renamed', UNKNOWN],
  ])('%s learns the role from HELLO', async (_, refusal) => {
    const { answer, session, asked } = await firstAnswer({ INFO: refusal, HELLO: hello('replica') });
    expect(answer).toEqual({ kind: 'report', report: { role: 'replica', named: [] } });
    expect(session.command).toBe('HELLO');
    expect(asked).toEqual(['INFO', 'HELLO', 'HELLO']);
  });

  test('learns it from HELLO of Redis 6, which reports slave', async () => {
    const { answer } = await firstAnswer({ INFO: NOPERM, HELLO: hello('slave') });
    expect(answer).toMatchObject({ report: { role: 'replica' } });
  });

  test('run HELLO either learns role and offset from ROLE', async () => {
    const unknownHello = new Error("ERR unknown command 'HELLO'");
    const { answer, session } = await firstAnswer({
      INFO: NOPERM,
      HELLO: unknownHello,
      ROLE: ['master', 7, []],
    });
    expect(answer).toEqual({ kind: 'report', report: { role: 'master', offset: 7, named: [] } });
    expect(session.command).toBe('ROLE');
  });

  test('run any of them gets the refusal of the last', async () => {
    const refused = new Error("NOPERM this user has no permissions to run the 'role' command");
    await expect(firstAnswer({ INFO: NOPERM, HELLO: NOPERM, ROLE: refused })).rejects.toBe(refused);
  });
});

describe('a server of another kind', () => {
  test.each([
    ['Sentinel', { INFO: 'redis_mode:sentinel\r\n' }, 'SENTINEL'],
    ['cluster', { INFO: 'redis_mode:cluster\r\n' }, 'CLUSTER'],
    ['Sentinel of Valkey', { INFO: 'server_mode:sentinel\r\n' }, 'SENTINEL'],
    ['cluster of Valkey', { INFO: 'server_mode:cluster\r\n' }, 'CLUSTER'],
    ['Sentinel, by HELLO', { INFO: UNKNOWN, HELLO: hello('sentinel', 'sentinel') }, 'SENTINEL'],
    ['cluster, by HELLO', { INFO: NOPERM, HELLO: hello('master', 'cluster') }, 'CLUSTER'],
    ['busy cluster', { INFO: BUSY, HELLO: hello('master', 'cluster') }, 'CLUSTER'],
  ])('is unfit: %s', async (_, replies, fault) => {
    const { answer } = await firstAnswer(replies);
    expect(answer).toEqual({
      kind: 'unfit',
      fault,
      message: matching(/^this is a Sentinel|^cluster/),
    });
  });

  test('that reports neither master nor replica is an error', async () => {
    const { answer } = await firstAnswer({ INFO: 'run_id:abc\r\n', 'INFO replication': '' });
    expect(answer).toMatchObject({ kind: 'unfit', fault: 'ERROR' });
  });
});

test('a server that is loading is unfit until a new session', async () => {
  const { answer, session } = await firstAnswer({ INFO: 'redis_mode:standalone\r\nloading:1\r\n' });
  expect(answer).toEqual({ kind: 'unfit', fault: 'LOADING', message: 'the server is loading its data' });
  expect(session.isProvisional).toBe(true);
});

test.each([
  ['at the beginning', { INFO: new Error('NOAUTH Authentication required.') }],
  ['later', { INFO: full(), 'INFO replication': new Error('NOAUTH Authentication required.') }],
])('any other error passes through, %s', async (_, replies) => {
  await expect(firstAnswer(replies)).rejects.toThrow('NOAUTH');
});
