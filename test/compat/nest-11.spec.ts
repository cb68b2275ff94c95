import { execFile, fork } from 'node:child_process';
import { copyFile, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { plannedSwap, whenInSync } from '../support/replication.js';
import { startGroup, type ServerGroup } from '../support/server-group.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const limitMs = 60_000;

let folder: TemporaryFolder;
let project: string;
let group: ServerGroup;

beforeAll(async () => {
  folder = await makeTemporaryFolder('nest-11');
  project = join(folder.path, 'project');
  const [tarball] = await Promise.all([packPackage(), installProject()]);
  // It fails where the versions of the project do not satisfy the peer dependencies of the package.
  await npm(project, 'install', '--no-save', '--prefer-offline', '--strict-peer-deps', tarball);
  group = await startGroup({ replicas: 1 });
}, limitMs);

afterAll(async () => {
  await group?.stop();
  await folder?.remove();
});

async function npm(cwd: string, ...args: string[]): Promise<void> {
  await run('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], { cwd });
}

/** Builds and packs a copy, so that nobody who uses `dist` meanwhile is disturbed. */
async function packPackage(): Promise<string> {
  const copy = join(folder.path, 'package');
  await mkdir(copy);
  await copyFile(join(root, 'package.json'), join(copy, 'package.json'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', 'lib/tsconfig.json', '--outDir', join(copy, 'dist')], {
    cwd: root,
  });
  await npm(copy, 'pack');
  const [tarball] = (await readdir(copy)).filter((name) => name.endsWith('.tgz'));
  return join(copy, tarball ?? 'no tarball');
}

async function installProject(): Promise<void> {
  await cp(join(root, 'test/compat/nest-11'), project, { recursive: true });
  await npm(project, 'ci', '--prefer-offline');
}

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
      '@nestjs/terminus@11.0.0',
      'ioredis@5.4.0',
      'rxjs@7.8.0',
    ]);
    expect(messages.get('is an ioredis connection')).toBe(true);
    expect(messages.get('written')).toBe('OK');
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
