import { expect, onTestFinished, test } from 'vitest';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../../support/fake-node.js';
import { error } from '../../support/resp.js';
import { openReplication } from '../../support/open-replication.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

test('INFO is sent before the login is answered, and once on each connection', async () => {
  const answered: number[] = [];
  const waitingBehindLogin: number[] = [];
  // In lower case, because observers send it in upper case.
  const asked = () => node.commands.filter(([name]) => name === 'info').length;
  const node: FakeNode = await fakeNode({
    onCommand: ([name = '', version], { id }) => {
      if (name === 'info') answered.push(id);
      // All commands that were written together with it have arrived by now.
      if (name === 'hello' && version === '3') waitingBehindLogin.push(asked() - answered.length);
      return undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint]);
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(Math.max(...waitingBehindLogin)).toBeGreaterThan(0);
  expect(new Set(answered).size).toBe(answered.length);
});

test('an INFO that was refused because it arrived before the login is sent again after it', async () => {
  const logins: { state: 'none' | 'done' } = { state: 'none' };
  const node = await fakeNode({
    onCommand: ([name = '', ...args]) => {
      if (name.toLowerCase() === 'hello' && args.length > 0)
        return error('NOPROTO unsupported protocol version');
      if (name.toLowerCase() === 'auth') logins.state = 'done';
      return name === 'info' && logins.state === 'none'
        ? error('NOAUTH Authentication required.')
        : undefined;
    },
  });
  const { writer } = await openReplication([node.endpoint], { redis: { password: 'secret' } });
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(logins.state).toBe('done');
});
