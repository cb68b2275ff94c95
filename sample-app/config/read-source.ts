import { discoverNodes, primaryEndpoint, staticNodes, type NodeSource } from 'nestjs-redis-replication';
import { InvalidConfigError } from './invalid-config.error.js';
import type { Environment } from './environment.js';

const variables = ['REDIS_NODES', 'REDIS_SEEDS', 'REDIS_PRIMARY'] as const;

/** The source of the nodes, given by exactly one of three variables. */
export function readSource(environment: Environment): NodeSource {
  const [name, ...others] = variables.filter((variable) => environment[variable] !== undefined);
  if (name === undefined || others.length > 0) {
    const found = name === undefined ? 'none is set' : `${[name, ...others].join(' and ')} are set`;
    throw new InvalidConfigError(
      `Set exactly one of REDIS_NODES=host:port,host:port, REDIS_SEEDS=host:port,host:port and REDIS_PRIMARY=host:port; ${found}.`,
    );
  }
  const { [name]: value = '', REDIS_READER: reader } = environment;
  if (reader !== undefined && name !== 'REDIS_PRIMARY') {
    throw new InvalidConfigError(`REDIS_READER can only be used with REDIS_PRIMARY, not with ${name}.`);
  }
  try {
    return createSource(name, value, reader);
  } catch (error) {
    // The library's message names what is wrong and what is allowed, and contains no credential.
    throw new InvalidConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

function createSource(
  name: (typeof variables)[number],
  value: string,
  reader: string | undefined,
): NodeSource {
  switch (name) {
    case 'REDIS_NODES':
      return staticNodes(splitList(value));
    case 'REDIS_SEEDS':
      return discoverNodes(splitList(value));
    case 'REDIS_PRIMARY':
      return primaryEndpoint(value, reader === undefined ? {} : { reader });
    default:
      return name satisfies never;
  }
}

function splitList(text: string): readonly string[] {
  return text.split(',').map((entry) => entry.trim());
}
