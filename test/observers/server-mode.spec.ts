import { expect, test } from 'vitest';
import { probe, startProbe } from '../../lib/observers/probe.js';
import { redis7Master } from '../replies/info-texts.js';

const full = (mode: string) => `redis_mode:${mode}\r\nrun_id:abc\r\nloading:0\r\n${redis7Master}`;

/** What a node of a cluster is found to be, by its replies. */
async function firstAnswer(replies: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const call = async (...words: readonly [string, ...string[]]): Promise<unknown> => {
    const command = words.join(' ');
    asked.push(command);
    const reply = replies[command];
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const session = await startProbe(call, 'cluster');
  asked.length = 0;
  return { answer: await probe(call, session), asked };
}

const info = { INFO: full('cluster'), 'INFO replication': redis7Master };

test('a node of a cluster is asked for its role and for the state of the cluster', async () => {
  const { answer, asked } = await firstAnswer({ ...info, 'CLUSTER INFO': 'cluster_state:ok\r\n' });
  expect(answer).toMatchObject({ kind: 'report', report: { role: 'master' } });
  expect(asked).toEqual(['CLUSTER INFO', 'INFO replication']);
});

test('a node for which the cluster is down cannot be used, whatever its role', async () => {
  const { answer } = await firstAnswer({ ...info, 'CLUSTER INFO': 'cluster_state:fail\r\n' });
  expect(answer).toMatchObject({ kind: 'unfit', fault: 'CLUSTERDOWN' });
});

test('a user who may not ask for the state sees the role', async () => {
  const { answer, asked } = await firstAnswer({
    ...info,
    'CLUSTER INFO': new Error('NOPERM no permissions'),
  });
  expect(answer).toMatchObject({ kind: 'report', report: { role: 'master' } });
  expect(asked).toEqual(['INFO replication']);
});

test('a server that is in no cluster is told what to do', async () => {
  const { answer } = await firstAnswer({
    INFO: full('standalone'),
    'CLUSTER INFO': new Error('ERR This instance has cluster support disabled'),
  });
  expect(answer).toMatchObject({
    kind: 'unfit',
    fault: 'CLUSTER',
    message: 'cluster mode is off; use the option "source" instead of "cluster"',
  });
});
