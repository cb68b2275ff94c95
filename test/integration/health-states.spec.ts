import { existsSync } from 'node:fs';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { countNodes } from '../support/counted-nodes.js';
import { stateArgs } from '../support/health-states.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions, needsServer } from '../support/server-under-test.js';
import { startApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';
import { silences } from './health-silence-rows.js';
import { fullDisk, permissions, refusals, roles, type Stage, type State } from './health-state-rows.js';

type Setting = Pick<State, 'args' | 'options' | 'user' | 'limitMs'>;

/** A group with an app that can write to it. */
async function setStage({ args = [], options = {}, user, limitMs: timeoutMs = 1000 }: Setting) {
  const group = await startGroup({ replicas: 1, args: [...stateArgs, ...args] });
  onTestFinished(() => group.stop());
  if (user !== undefined) await createUser(group.nodes, user);
  const redis = user === undefined ? {} : { username: user.name, password: user.password };
  const nodes = countNodes(group.endpoints);
  const app = await startApp(group.endpoints, {
    redis,
    ...options,
    source: nodes.source,
    cluster: undefined,
  });
  const { master } = group;
  const [replica] = group.replicas;
  if (replica === undefined) throw new Error('A group has a replica');
  const stage: Stage = { group, master, replica, app };
  const look = async () => (await app.health.isWritable('redis', { timeoutMs })).redis;
  expect(await look()).toMatchObject({ status: 'up', master: master.endpoint });
  return {
    stage,
    look,
    /** Waits until each node was looked at a few times more. */
    whenProbed: () => Promise.all(group.endpoints.map((endpoint) => nodes.whenProbed(endpoint, 2))),
  };
}

async function expectHealth(
  { arrange, first, lasting, end, needs = [], ...setting }: State,
  context: TestContext,
): Promise<void> {
  needsOptions(context, [...needs, ...(setting.args ?? [])]);
  const { stage, look, whenProbed } = await setStage(setting);
  const isSo = (expected: object) => async () => {
    expect(await look()).toMatchObject(expected);
    return true;
  };
  await arrange(stage);
  if (first !== undefined) expect(await look()).toMatchObject(first);
  await until('health says so', isSo(lasting), { state: look });
  await whenProbed();
  expect(await look()).toMatchObject(lasting);
  if (end === undefined) return;
  await end(stage);
  await until('it is up again', isSo({ status: 'up' }), { timeoutMs: 15_000, state: look });
}

test.for(roles)('health knows $name', expectHealth);

test.for(refusals)('health names $name', expectHealth);

test.skipIf(!existsSync('/dev/full'))(`health names ${fullDisk.name}`, async (context) => {
  needsServer(context, ['Redis 7.0', 'folder of append-only files']);
  await expectHealth(fullDisk, context);
});

test.for(permissions)('health names $name', expectHealth);

test.for(silences)('health tells apart: $name', expectHealth);

test('a master that hangs is not called paused because no observer has asked it yet', async () => {
  const { stage, look } = await setStage({ options: { pollIntervalMs: 60_000 } });
  stage.master.hang();
  // By then, what it had answered before has been read.
  await stage.replica.command('PING');
  expect(await look()).toMatchObject({ status: 'down', reason: 'TIMEOUT' });
});
