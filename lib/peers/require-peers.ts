import { createRequire } from 'node:module';
import { isTooOld } from './is-too-old.js';

const packageName = 'nestjs-redis-replication';

/** What package.json says, as far as it is of use here. */
interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly peerDependencies?: unknown;
}

/**
 * Throws one error that names each of `peers` that is missing or too old for `entry`. `file` is a file of this package
 * in a folder of its build; from there peers are found as the package itself finds them. Ranges are those of
 * package.json. In a bundle, which carries neither, nothing is checked.
 */
export function requirePeers(file: string, entry: string, peers: readonly string[]): void {
  const own = readManifest(file, '../../package.json');
  if (own === undefined || own === 'missing' || own.name !== packageName) {
    return;
  }
  const problems = peers.flatMap((peer) => {
    const range = readText(own.peerDependencies, peer);
    return range === undefined ? [] : (findProblem(peer, range, readPeer(file, peer)) ?? []);
  });
  if (problems.length > 0) {
    throw new Error(`${entry} needs ${problems.join('; ')}`);
  }
}

function findProblem(
  peer: string,
  range: string,
  found: Manifest | 'missing' | undefined,
): string | undefined {
  if (found === 'missing') {
    return `${peer} ${range}, which is not installed: run npm install ${peer}`;
  }
  const version = found?.version;
  return typeof version === 'string' && isTooOld(version, range)
    ? `${peer} ${range}, but version ${version} is installed`
    : undefined;
}

/** `@nestjs/microservices` maps its package.json to a file that it does not have. */
function readPeer(file: string, peer: string): Manifest | 'missing' | undefined {
  const found = readManifest(file, `${peer}/package.json`);
  return found === 'missing' && isInstalled(file, peer) ? undefined : found;
}

function isInstalled(file: string, peer: string): boolean {
  try {
    return createRequire(file).resolve(peer) !== '';
  } catch {
    return false;
  }
}

/** `undefined` where there is a package that does not show its package.json. */
function readManifest(file: string, specifier: string): Manifest | 'missing' | undefined {
  try {
    const manifest: unknown = createRequire(file)(specifier);
    return isRecord(manifest) ? manifest : undefined;
  } catch (error) {
    return isRecord(error) && error['code'] === 'MODULE_NOT_FOUND' ? 'missing' : undefined;
  }
}

function readText(record: unknown, key: string): string | undefined {
  const value = isRecord(record) ? record[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
