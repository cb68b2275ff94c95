import { readFileSync } from 'node:fs';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';

const switches = ['REDIS_TLS', 'REDIS_SENTINEL_TLS'] as const;

/** The TLS options if this variable is 1. `REDIS_CA` names the authority for nodes and Sentinels alike. */
export function readTls(
  environment: Environment,
  variable: (typeof switches)[number],
): { readonly ca?: Buffer } | undefined {
  const { [variable]: wanted, REDIS_CA: file } = environment;
  if (wanted !== undefined && wanted !== '0' && wanted !== '1') {
    throw new InvalidConfigError(`${variable} is "${wanted}"; allowed are 1 and 0.`);
  }
  if (wanted === '1') {
    return file === undefined ? {} : { ca: readAuthority(file) };
  }
  if (file !== undefined && switches.every((each) => environment[each] !== '1')) {
    throw new InvalidConfigError('REDIS_CA needs REDIS_TLS=1 or REDIS_SENTINEL_TLS=1.');
  }
  return undefined;
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidConfigError(`REDIS_CA names a file that cannot be read: ${reason}.`, { cause: error });
  }
}
