import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readInfo } from '../../lib/testing/servers/info.js';
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';
import { contenders } from '../contenders/all.js';

/** What ran on what. */
export interface Environment {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly server: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly rounds: number;
}

export async function describeEnvironment(rounds: number): Promise<Environment> {
  const names = [...new Set(contenders.map((contender) => contender.package))];
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    server: await readServerVersion(),
    packages: Object.fromEntries(names.map((name) => [name, readVersion(name)])),
    rounds,
  };
}

export function printEnvironment({ date, machine, node, server, packages, rounds }: Environment): void {
  console.log(`${date}, ${machine}\nNode ${node}, ${server}, all on one machine over loopback`);
  console.log(
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  console.log(`rounds of each scenario and contender: ${rounds}`);
}

async function readServerVersion(): Promise<string> {
  const server = await startRedisServer();
  const fields = await readInfo(server, 'server');
  await server.stop();
  const valkey = fields.get('valkey_version');
  return valkey === undefined ? `Redis ${fields.get('redis_version')}` : `Valkey ${valkey}`;
}

/** The peers are installed in this folder, the library and ioredis in that of the project. */
function readVersion(name: string): string {
  const paths =
    name === 'nestjs-redis-replication'
      ? ['../../package.json']
      : [`../node_modules/${name}/package.json`, `../../node_modules/${name}/package.json`];
  for (const path of paths) {
    const version = readVersionIn(fileURLToPath(new URL(path, import.meta.url)));
    if (version !== undefined) return version;
  }
  return 'of unknown version';
}

function readVersionIn(path: string): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const version: unknown =
      typeof content === 'object' && content !== null && Reflect.get(content, 'version');
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
