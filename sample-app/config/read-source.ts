import {
  discoverNodes,
  primaryEndpoint,
  sentinelNodes,
  staticNodes,
  type NodeSource,
} from 'nestjs-redis-replication';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';
import { readTls } from './read-tls.js';

const variables = ['REDIS_NODES', 'REDIS_SEEDS', 'REDIS_PRIMARY', 'REDIS_SENTINELS'] as const;

type Variable = (typeof variables)[number];

/** Variables that can only be used beside one of those that name the nodes. */
const companions: Readonly<Record<string, Variable>> = {
  REDIS_READER: 'REDIS_PRIMARY',
  REDIS_SENTINEL_NAME: 'REDIS_SENTINELS',
  REDIS_SENTINEL_USERNAME: 'REDIS_SENTINELS',
  REDIS_SENTINEL_PASSWORD: 'REDIS_SENTINELS',
  REDIS_SENTINEL_TLS: 'REDIS_SENTINELS',
};

/** The source of the nodes, given by exactly one of four variables. */
export function readSource(environment: Environment): NodeSource {
  const [name, ...others] = variables.filter((variable) => environment[variable] !== undefined);
  if (name === undefined || others.length > 0) {
    const found = name === undefined ? 'none is set' : `${[name, ...others].join(' and ')} are set`;
    throw new InvalidConfigError(
      'Set exactly one of REDIS_NODES=host:port,host:port, REDIS_SEEDS=host:port,host:port, ' +
        `REDIS_PRIMARY=host:port and REDIS_SENTINELS=host:port,host:port; ${found}.`,
    );
  }
  for (const [companion, needed] of Object.entries(companions)) {
    if (environment[companion] !== undefined && name !== needed) {
      throw new InvalidConfigError(`${companion} can only be used with ${needed}, not with ${name}.`);
    }
  }
  return createSource(name, environment);
}

function createSource(name: Variable, environment: Environment): NodeSource {
  const { [name]: value = '', REDIS_READER: reader } = environment;
  switch (name) {
    case 'REDIS_NODES':
      return inWordsOf(name, () => staticNodes(splitList(value)));
    case 'REDIS_SEEDS':
      return inWordsOf(name, () => discoverNodes(splitList(value)));
    case 'REDIS_PRIMARY':
      return inWordsOf(name, () => primaryEndpoint(value, reader === undefined ? {} : { reader }));
    case 'REDIS_SENTINELS': {
      const options = readSentinel(environment);
      return inWordsOf(name, () => sentinelNodes({ sentinels: splitList(value), ...options }));
    }
    default:
      return name satisfies never;
  }
}

function readSentinel(environment: Environment) {
  const {
    REDIS_SENTINEL_NAME: name,
    REDIS_SENTINEL_USERNAME: username,
    REDIS_SENTINEL_PASSWORD: password,
  } = environment;
  if (name === undefined) {
    throw new InvalidConfigError(
      'REDIS_SENTINELS needs REDIS_SENTINEL_NAME, the name of the master that they monitor.',
    );
  }
  if (username !== undefined && password === undefined) {
    throw new InvalidConfigError('REDIS_SENTINEL_USERNAME needs REDIS_SENTINEL_PASSWORD.');
  }
  const tls = readTls(environment, 'REDIS_SENTINEL_TLS');
  return {
    name,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  };
}

/** The library's message names what is wrong and what is allowed, and contains no credential. */
function inWordsOf(name: Variable, create: () => NodeSource): NodeSource {
  try {
    return create();
  } catch (error) {
    throw new InvalidConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

function splitList(text: string): readonly string[] {
  return text.split(',').map((entry) => entry.trim());
}
