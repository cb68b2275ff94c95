import { expect, test } from 'vitest';
import { until } from '../../lib/testing/servers/until.js';

test('it returns once the condition holds, whatever it threw before', async () => {
  let calls = 0;
  await until('the third call', () => {
    calls += 1;
    if (calls < 3) throw new Error('not yet');
    return true;
  });
  expect(calls).toBe(3);
});

test.each([
  ['false', () => false],
  ['connection refused', () => Promise.reject(new Error('connection refused'))],
  ['no answer', () => new Promise<boolean>(() => undefined)],
])('it names what it waited for and that it last saw: %s', async (seen, condition) => {
  const waiting = until('the node is up', condition, { timeoutMs: 30 });
  await expect(waiting).rejects.toThrow(`Waited 30 ms in vain until the node is up; at last: ${seen}`);
});

test('it shows the given state', async () => {
  const waiting = until('all is well', () => false, { timeoutMs: 10, state: () => ({ role: 'slave' }) });
  await expect(waiting).rejects.toThrow('at last: {"role":"slave"}');
});
