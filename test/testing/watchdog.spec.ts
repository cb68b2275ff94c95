import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../lib/testing/servers/until.js';

test('a server and its folder are gone after the process that started it was killed', async () => {
  const file = fileURLToPath(new URL('abandoned-server.ts', import.meta.url));
  const starter = fork(file, [], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => void starter.kill('SIGKILL'));
  const [message]: unknown[] = await once(starter, 'message');
  expect(message).toEqual({ pid: expect.any(Number), folder: expect.any(String) });
  const { pid, folder } = message as { pid: number; folder: string };
  expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
  // It would not notice by itself that it is alone.
  process.kill(pid, 'SIGSTOP');
  starter.kill('SIGKILL');
  await until('the server is gone', () => !isRunning(pid));
  await until('its folder is gone', () => !existsSync(folder));
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
