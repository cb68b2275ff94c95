// A small app on each combination of versions: it boots from the packed package, writes, reads, answers a message,
// says its health, follows a swap of the master and ends.
//   npm run matrix                           prints the table
//   npm run matrix -- --only 'Node 24.*Redis 8'   a regular expression for "Node …, Nest …, ioredis …, Redis …"
//   npm run matrix -- --write                puts the table into docs/compatibility.md, too
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { findServers } from '../../tools/find-servers.mjs';
import { putBlock, tableOf, type Cell } from './matrix-table.js';
import { createProject, installFamily, ownModules } from './project.js';
import { runApp } from './run-app.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const limitMs = 60_000;

interface Version {
  /** `Node 20.19.0` */
  readonly name: string;
  readonly path: string;
}

interface Combination {
  /** `Node 20.19.0, Nest 11.0.0, ioredis 5.4.0` */
  readonly client: string;
  readonly node: string;
  readonly project: string;
}

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
  });
  const only = new RegExp(values.only);
  const folder = await makeTemporaryFolder('matrix');
  try {
    const cells: Cell[] = [];
    const combinations = await combine(folder.path);
    for (const server of findServers()) {
      const wanted = combinations.filter(({ client }) => only.test(`${client}, ${server.name}`));
      if (wanted.length > 0) cells.push(...(await tryOn(server, wanted)));
    }
    const table = tableOf(cells, new Date());
    console.log(`\n${table}`);
    if (cells.length === 0 || cells.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
    else if (values.write) await write(table);
  } finally {
    await folder.remove();
  }
}

/** A project for each combination of Nest and ioredis, and with it each version of Node. */
async function combine(folder: string): Promise<readonly Combination[]> {
  const families = [await installFamily('nest-11'), ownModules];
  const clients = ['ioredis-5.4', 'ioredis-5', 'ioredis'].map((name) => join(ownModules, name));
  const nodes = await findNodes();
  const projects = families.flatMap((modules) => clients.map((ioredis) => ({ modules, ioredis })));
  const combinations: Combination[] = [];
  for (const [index, { modules, ioredis }] of projects.entries()) {
    const options = { type: 'module', modules, replaced: { ioredis } };
    const project = await createProject(join(folder, String(index)), options);
    await cp(join(root, 'test/compat/nest-11/app.mjs'), join(project, 'app.mjs'));
    const packages = [
      `Nest ${await versionIn(join(modules, '@nestjs/core'))}`,
      `ioredis ${await versionIn(ioredis)}`,
    ];
    combinations.push(
      ...nodes.map((node) => ({ client: [node.name, ...packages].join(', '), node: node.path, project })),
    );
  }
  return combinations.toSorted((a, b) => a.client.localeCompare(b.client, 'en', { numeric: true }));
}

async function findNodes(): Promise<readonly Version[]> {
  const modules = await installFamily('nodes');
  const folders = ['node-20', 'node-22', 'node-24'].map((name) => join(modules, name));
  return Promise.all(
    folders.map(async (path) => ({ name: `Node ${await versionIn(path)}`, path: join(path, 'bin/node') })),
  );
}

async function versionIn(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  return /"version": "v?([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

/** One group for all: each run swaps its two nodes. */
async function tryOn(server: Version, combinations: readonly Combination[]): Promise<readonly Cell[]> {
  process.env['REDIS_SERVER_BIN'] = server.path;
  const group = await startGroup({ replicas: 1 });
  try {
    const cells: Cell[] = [];
    let [master, heir] = group.nodes;
    for (const combination of combinations) {
      if (master === undefined || heir === undefined) throw new Error('A group has a replica');
      const fault = await tryOne(combination, master, heir);
      console.log(`${fault === undefined ? 'ok' : 'FAILED'} ${combination.client}, ${server.name}`);
      if (fault !== undefined) console.log(fault);
      cells.push({ client: combination.client, server: server.name, fault });
      [master, heir] = (await isMaster(heir)) ? [heir, master] : [master, heir];
    }
    return cells;
  } finally {
    await group.stop();
  }
}

async function isMaster(node: RedisServer): Promise<boolean> {
  return /role:master/.test(String(await node.command('INFO', 'replication')));
}

/** What went wrong. */
async function tryOne(
  { project, node }: Combination,
  master: RedisServer,
  heir: RedisServer,
): Promise<string | undefined> {
  await master.command('DEL', 'key');
  const signal = AbortSignal.timeout(limitMs);
  const { code, output, messages } = await runApp({ project, node, master, heir, signal });
  const wanted = new Map<string, unknown>([
    ['is an ioredis connection', true],
    ['written', 'OK'],
    ['read', 'value'],
    ['doubled', 42],
    ['master before', master.endpoint],
    ['written after the failover', 'value and more'.length],
    ['doubled after the failover', 44],
    ['master after', heir.endpoint],
    ['closed', true],
  ]);
  const wrong = [...wanted].filter(([what, value]) => messages.get(what) !== value).map(([what]) => what);
  const codes = [messages.get('health'), messages.get('health after the failover')].map(codeOf);
  if (code === 0 && wrong.length === 0 && codes.every((each) => each === 200)) return undefined;
  return `exit code ${code}, health ${codes.join(' and ')}, wrong: ${wrong.join(', ')}\n${output}`;
}

function codeOf(health: unknown): unknown {
  return typeof health === 'object' && health !== null && 'code' in health ? health.code : undefined;
}

async function write(table: string): Promise<void> {
  const path = join(root, 'docs/compatibility.md');
  await writeFile(path, putBlock(await readFile(path, 'utf8'), table));
}
