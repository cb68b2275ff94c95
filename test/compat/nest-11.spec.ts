import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { createProject, installFamily, npm, packedTarball } from './project.js';
import { runApp } from './run-app.js';

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

test(
  'on the lowest supported versions an app boots, writes, reads, follows a failover and ends',
  async () => {
    const [heir] = group.replicas;
    if (heir === undefined) throw new Error('A group has a replica');
    const { code, output, messages } = await runApp({ project, master: group.master, heir });
    expect(code, output).toBe(0);
    const lines = output.split('\n').filter((text) => text.includes('failover: master'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      message: {
        code: 'RR101',
        instance: 'default',
        from: group.master.endpoint,
        to: heir.endpoint,
        generation: 2,
      },
    });
    expect(output).not.toMatch(/error|warning/i);
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
