import { fork } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { createProject, installFamily, npm, packedTarball } from './project.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const limitMs = 120_000;

let folder: TemporaryFolder;
let project: string;
let group: ServerGroup;

beforeAll(async () => {
  folder = await makeTemporaryFolder('nest-11');
  const modules = await installFamily('nest-11');
  project = await createProject(folder.path, { type: 'module', modules });
  await cp(join(root, 'test/compat/nest-11/app.mjs'), join(project, 'app.mjs'));
  group = await startGroup({ replicas: 1 });
}, limitMs);

afterAll(async () => {
  await group?.stop();
  await folder?.remove();
});

/** Runs the app to its end; its messages by name. */
async function runApp(onMessage: (what: string) => void): Promise<ReadonlyMap<string, unknown>> {
  const app = fork(join(project, 'app.mjs'), group.endpoints, { cwd: project, stdio: 'pipe' });
  onTestFinished(() => void app.kill('SIGKILL'));
  const output: string[] = [];
  for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)));
  const messages = new Map<string, unknown>();
  app.on('message', (message) => {
    if (typeof message === 'object' && 'what' in message && 'value' in message) {
      messages.set(String(message.what), message.value);
      onMessage(String(message.what));
    }
  });
  const code = await new Promise((resolve) => app.once('exit', resolve));
  expect(code, output.join('')).toBe(0);
  expect(output.join('').match(/failover: master/g)).toHaveLength(1);
  expect(output.join('')).not.toMatch(/error|warning/i);
  return messages;
}

test(
  'on the lowest supported versions an app boots, writes, reads, follows a failover and ends',
  async () => {
    const [heir] = group.replicas;
    if (heir === undefined) throw new Error('A group has a replica');
    const swaps: Promise<void>[] = [];
    const messages = await runApp((what) => {
      if (what === 'master before') {
        swaps.push(whenInSync(group.master, [heir]).then(() => plannedSwap(group.nodes, heir)));
      }
    });
    await Promise.all(swaps);
    expect(messages.get('versions')).toEqual([
      '@nestjs/core@11.0.0',
      '@nestjs/microservices@11.0.0',
      '@nestjs/terminus@11.0.0',
      'ioredis@5.4.0',
      'rxjs@7.8.0',
    ]);
    expect(messages.get('is an ioredis connection')).toBe(true);
    expect(messages.get('written')).toBe('OK');
    expect(messages.get('doubled')).toBe(42);
    expect(messages.get('doubled after the failover')).toBe(44);
    expect(messages.get('read')).toBe('value');
    // Terminus 11 has no "degraded".
    expect(messages.get('health')).toMatchObject({
      code: 200,
      body: {
        status: 'ok',
        details: {
          redis: {
            status: 'up',
            master: group.master.endpoint,
            message: '1 of at least 2 replicas can be used',
            generation: 1,
          },
        },
      },
    });
    expect(messages.get('master before')).toBe(group.master.endpoint);
    expect(messages.get('written after the failover')).toBe('value and more'.length);
    expect(messages.get('master after')).toBe(heir.endpoint);
    expect(messages.get('health after the failover')).toMatchObject({
      code: 200,
      body: { details: { redis: { status: 'up', master: heir.endpoint, generation: 2 } } },
    });
    expect(messages.get('closed')).toBe(true);
  },
  limitMs,
);

test(
  'npm finds its peer dependencies satisfied by the lowest supported versions',
  async () => {
    const empty = join(folder.path, 'npm');
    await mkdir(empty);
    for (const file of ['package.json', 'package-lock.json']) {
      await cp(join(root, 'test/compat/nest-11', file), join(empty, file));
    }
    const options = ['--package-lock-only', '--prefer-offline', '--strict-peer-deps'];
    await npm(empty, 'install', ...options, await packedTarball());
  },
  limitMs,
);
