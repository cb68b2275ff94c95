import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Goes with `npm ci`, and belongs to this checkout alone. */
const cache = join(root, 'node_modules/.cache/compat');

const hashLength = 16;

const packageName = 'nestjs-redis-replication';

/** The names of packages, and where they lie; `undefined` for those that shall not be installed. */
export type Links = Readonly<Record<string, string | undefined>>;

/** What a program printed, both streams in one; an error with the same text where it failed. */
export function run(
  cwd: string,
  env: Readonly<Record<string, string>>,
  command: readonly string[],
): Promise<string> {
  const [program = process.execPath, ...args] = command;
  // Colours would get into the output, and options of this process into the app.
  const { FORCE_COLOR: _colour, NODE_OPTIONS: _options, ...inherited } = process.env;
  const settings = { cwd, env: { ...inherited, NO_COLOR: '1', NODE_ENV: '', ...env } };
  return new Promise<string>((resolve, reject) => {
    execFile(program, args, settings, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (error === null) resolve(output);
      else reject(new Error(`${command.join(' ')} failed:\n${output}`));
    });
  });
}

export async function npm(cwd: string, ...args: string[]): Promise<string> {
  return run(cwd, {}, ['npm', ...args, '--ignore-scripts', '--no-audit', '--no-fund']);
}

/** The `node_modules` of a folder beside this file, installed once for each state of its lock file. */
export async function installFamily(name: string): Promise<string> {
  const source = join(root, 'test/compat', name);
  const files = ['package.json', 'package-lock.json'].map((file) => join(source, file));
  const folder = await cached(name, files, async (target) => {
    for (const file of files) await cp(file, join(target, file.slice(source.length)));
    await npm(target, 'ci', '--prefer-offline');
  });
  return join(folder, 'node_modules');
}

/** The folders of the packages that this project itself uses. */
export const ownModules = join(root, 'node_modules');

/** The package as npm would install it: built, packed and unpacked once for each state of its sources. */
export async function unpackPackage(): Promise<string> {
  return join(await packPackage(), 'package');
}

/** The folder that holds the tarball and its contents. */
async function packPackage(): Promise<string> {
  const sources = await readdir(join(root, 'lib'), { recursive: true });
  const files = ['package.json', 'tools/build.mjs', ...sources.filter(isFile).map((file) => `lib/${file}`)];
  const paths = files.toSorted().map((file) => join(root, file));
  // Built from a copy of `package.json`, so that nobody who uses `dist` meanwhile is disturbed.
  return cached('package', paths, async (target) => {
    const staged = join(target, 'staged');
    await mkdir(staged);
    await cp(join(root, 'package.json'), join(staged, 'package.json'));
    await run(root, {}, [process.execPath, 'tools/build.mjs', join(staged, 'dist')]);
    await npm(staged, 'pack', '--pack-destination', target);
    await rm(staged, { recursive: true });
    await rename(join(target, await findTarball(target)), join(target, 'package.tgz'));
    await run(target, {}, ['tar', '-xzf', 'package.tgz']);
  });
}

/** The packed package. */
export async function packedTarball(): Promise<string> {
  return join(await packPackage(), 'package.tgz');
}

async function findTarball(folder: string): Promise<string> {
  const found = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (found === undefined) throw new Error(`npm left no tarball in ${folder}`);
  return found;
}

function isFile(path: string): boolean {
  return /\.\w+$/.test(path);
}

/** A folder that `fill` has filled for exactly these files, now or in an earlier run. */
async function cached(
  name: string,
  files: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(file).update(await readFile(file));
  const folder = join(cache, `${name}-${hash.digest('hex').slice(0, hashLength)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, `unfinished-${name}-`));
  try {
    await fill(unfinished);
    // Another worker may have been faster; its folder is as good.
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    await removeOthers(name, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** What earlier states of the files have left. */
async function removeOthers(name: string, folder: string): Promise<void> {
  const paths = (await readdir(cache)).filter((file) => file.slice(0, -hashLength - 1) === name);
  const others = paths.map((file) => join(cache, file)).filter((path) => path !== folder);
  await Promise.all(others.map((path) => rm(path, { recursive: true, force: true })));
}

/**
 * Makes a project in `folder`: links to `modules`, with `replaced` in the place of some of them, a copy of the package,
 * and the small apps in `src`.
 */
export async function createProject(
  folder: string,
  { type, modules, replaced = {} }: { type?: string; modules: string; replaced?: Links },
): Promise<string> {
  const target = join(folder, 'node_modules');
  await mkdir(target, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  for (const [name, path] of Object.entries({ ...(await listModules(modules)), ...replaced })) {
    await mkdir(join(target, name, '..'), { recursive: true });
    if (path !== undefined) await symlink(path, join(target, name), 'dir');
  }
  await rm(join(target, packageName), { force: true });
  await cp(await unpackPackage(), join(target, packageName), { recursive: true });
  await cp(join(root, 'test/compat/apps'), join(folder, 'src'), { recursive: true });
  return folder;
}

async function listModules(folder: string): Promise<Links> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const listed = await Promise.all(
    names.map(async (name) =>
      name.startsWith('@') ? (await readdir(join(folder, name))).map((each) => `${name}/${each}`) : [name],
    ),
  );
  return Object.fromEntries(listed.flat().map((name) => [name, join(folder, name)]));
}
