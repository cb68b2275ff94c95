import {
  discoverNodes,
  primaryEndpoint,
  sentinelNodes,
  staticNodes,
  type NodeSource,
} from 'nestjs-redis-replication';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';
import { lookupAt } from './lookup-at.js';
import { readTls } from './read-tls.js';

const variables = [
  'REDIS_NODES',
  'REDIS_SEEDS',
  'REDIS_PRIMARY',
  'REDIS_SENTINELS',
  'REDIS_CLUSTER',
] as const;

type Variable = (typeof variables)[number];

/** Variables that can only be used beside one of those that name the nodes. */
const companions: Readonly<Record<string, Variable>> = {
  REDIS_READER: 'REDIS_PRIMARY',
  REDIS_DNS: 'REDIS_PRIMARY',
  REDIS_SENTINEL_NAME: 'REDIS_SENTINELS',
  REDIS_SENTINEL_USERNAME: 'REDIS_SENTINELS',
  REDIS_SENTINEL_PASSWORD: 'REDIS_SENTINELS',
  REDIS_SENTINEL_TLS: 'REDIS_SENTINELS',
};

/** Where the nodes are: a source, or the nodes of a cluster. */
export type Place = { readonly source: NodeSource } | { readonly cluster: { readonly nodes: NodeSource } };

/** Where the nodes are, given by exactly one of five variables. */
export function readPlace(environment: Environment): Place {
  const [name, ...others] = variables.filter((variable) => environment[variable] !== undefined);
  if (name === undefined || others.length > 0) {
    const found = name === undefined ? 'none is set' : `${[name, ...others].join(' and ')} are set`;
    throw new InvalidConfigError(
      'Set exactly one of REDIS_NODES=host:port,host:port, REDIS_SEEDS=host:port,host:port, ' +
        `REDIS_PRIMARY=host:port, REDIS_SENTINELS=host:port,host:port and REDIS_CLUSTER=host:port,host:port; ${found}.`,
    );
  }
  for (const [companion, needed] of Object.entries(companions)) {
    if (environment[companion] !== undefined && name !== needed) {
      throw new InvalidConfigError(`${companion} can only be used with ${needed}, not with ${name}.`);
    }
  }
  return name === 'REDIS_CLUSTER'
    ? { cluster: { nodes: nodesIn(name, environment) } }
    : { source: createSource(name, environment) };
}

function nodesIn(name: Variable, { [name]: value = '' }: Environment): NodeSource {
  return inWordsOf(name, () => staticNodes(splitList(value)));
}

function createSource(name: Exclude<Variable, 'REDIS_CLUSTER'>, environment: Environment): NodeSource {
  const { [name]: value = '' } = environment;
  switch (name) {
    case 'REDIS_NODES':
      return nodesIn(name, environment);
    case 'REDIS_SEEDS':
      return inWordsOf(name, () => discoverNodes(splitList(value)));
    case 'REDIS_PRIMARY':
      return inWordsOf(name, () => primaryEndpoint(value, readNames(environment)));
    case 'REDIS_SENTINELS': {
      const options = readSentinel(environment);
      return inWordsOf(name, () => sentinelNodes({ sentinels: splitList(value), ...options }));
    }
    default:
      return name satisfies never;
  }
}

function readNames({ REDIS_READER: reader, REDIS_DNS: server }: Environment) {
  return {
    ...(reader !== undefined && { reader }),
    ...(server !== undefined && { lookup: lookupAt(server) }),
  };
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
