import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A wrong change at one place in the library, which the simulation must detect. */
interface Mutation {
  readonly name: string;
  /** Which invariant, and why. */
  readonly breaks: string;
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

interface Verdict {
  readonly mutation: Mutation;
  /** The first violation that the simulation reported; `undefined` if there was none. */
  readonly violation: string | undefined;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = fileURLToPath(new URL('mutations', import.meta.url));
/** Number of seeds within which a mutation must be detected. */
const SEEDS = 600;

const mutations = await readMutations();
const verdicts = await inParallel(mutations, availableParallelism());
for (const { mutation, violation } of verdicts) {
  console.log(`${violation === undefined ? 'SURVIVES' : 'caught  '} ${mutation.name} (${mutation.breaks})`);
  console.log(`         ${violation ?? `no violation under ${SEEDS} seeds`}`);
}
const survivors = verdicts.filter(({ violation }) => violation === undefined);
console.log(`${verdicts.length} mutations, ${survivors.length} survive`);
process.exitCode = survivors.length > 0 ? 1 : 0;

async function readMutations(): Promise<readonly Mutation[]> {
  const only = process.argv.slice(2);
  const files = (await readdir(FOLDER)).map((file) => basename(file, '.json')).toSorted();
  return Promise.all(
    files.filter((name) => only.length === 0 || only.includes(name)).map((name) => readMutation(name)),
  );
}

async function readMutation(name: string): Promise<Mutation> {
  const content: unknown = JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8'));
  const field = (key: string): string => {
    const value: unknown =
      typeof content === 'object' && content !== null ? Reflect.get(content, key) : undefined;
    if (typeof value !== 'string') {
      throw new TypeError(`mutation ${name} says nothing of "${key}"`);
    }
    return value;
  };
  const mutation = {
    name,
    breaks: field('breaks'),
    file: field('file'),
    find: field('find'),
    replace: field('replace'),
  };
  const occurrences = (await readFile(join(ROOT, mutation.file), 'utf8')).split(mutation.find).length - 1;
  if (occurrences !== 1) {
    throw new Error(`mutation ${name}: its place occurs ${occurrences} times in ${mutation.file}`);
  }
  return mutation;
}

/** Each worker has a copy of the project of its own. */
async function inParallel(all: readonly Mutation[], workers: number): Promise<readonly Verdict[]> {
  const waiting = [...all];
  const found: Verdict[] = [];
  const work = async () => {
    const copy = await copyProject();
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        found.push({ mutation: next, violation: await runWith(next, copy) });
      }
    } finally {
      await rm(copy, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return found.toSorted((x, y) => (x.mutation.name < y.mutation.name ? -1 : 1));
}

async function copyProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'simulation-'));
  for (const name of ['lib', 'test', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function runWith({ file, find, replace }: Mutation, copy: string): Promise<string | undefined> {
  const path = join(copy, file);
  const original = await readFile(path, 'utf8');
  await writeFile(
    path,
    original.replace(find, () => replace),
  );
  const main = join(copy, 'test/simulation/main.ts');
  const options = ['--jobs', '1', '--seeds', String(SEEDS), '--until-violation'];
  try {
    await promisify(execFile)(process.execPath, [...process.execArgv, main, ...options], { cwd: copy });
    return undefined;
  } catch (error) {
    return firstLine(error);
  } finally {
    await writeFile(path, original);
  }
}

function firstLine(error: unknown): string {
  const { stdout, stderr } = Object.assign({ stdout: '', stderr: '' }, error);
  return (stdout || stderr).split('\n', 1)[0] ?? '';
}
