import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { createProject } from './project.js';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const optionalPeers = Object.keys(packageJson.peerDependenciesMeta);

/** Which optional peers an entry point loads where all are installed, beside those that Nest itself loads. */
async function loadedBy(folder: string, entry: string): Promise<readonly string[]> {
  const code = `
    for (const name of ['@nestjs/common', '@nestjs/core', 'ioredis', 'rxjs']) require(name);
    const before = new Set(Object.keys(require.cache));
    require(${JSON.stringify(entry)});
    const files = Object.keys(require.cache).filter((file) => !before.has(file));
    console.log(JSON.stringify(files));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { cwd: folder });
  const files: unknown = JSON.parse(stdout);
  if (!Array.isArray(files) || files.length === 0) throw new Error(`${entry} loads nothing`);
  return optionalPeers.filter((peer) =>
    files.some((file) => String(file).replaceAll('\\', '/').includes(`/node_modules/${peer}/`)),
  );
}

test(
  'the main entry point loads no optional peer, also where all are installed',
  { timeout: 120_000 },
  async () => {
    const temporary = await makeTemporaryFolder('loading');
    onTestFinished(() => temporary.remove());
    const folder = await createProject(temporary.path, { modules });
    expect(await loadedBy(folder, 'nestjs-redis-replication')).toEqual([]);
    expect(await loadedBy(folder, 'nestjs-redis-replication/metrics')).toEqual(['@opentelemetry/api']);
  },
);
