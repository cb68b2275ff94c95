import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../lib/testing/servers/until.js';

test('a server and its folder are gone after the process that started it was killed', async () => {
  const file = fileURLToPath(new URL('abandoned-server.ts', import.meta.url));
  const starter = fork(file, [], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => void starter.kill('SIGKILL'));
  const { pid, folder } = await new Promise<{ pid: number; folder: string }>((resolve) =>
    starter.once('message', (message) => {
      const field = (name: string): unknown => Reflect.get(Object(message), name);
      resolve({ pid: Number(field('pid')), folder: String(field('folder')) });
    }),
  );
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
