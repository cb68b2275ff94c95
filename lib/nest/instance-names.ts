import type { ModulesContainer } from '@nestjs/core';
import { getReplicationToken } from './tokens.js';

/**
 * The name of each instance in the app, as often as it was imported. `undefined` if a tool has wrapped the container in a
 * proxy, through which a `Map` cannot be read.
 */
export function namesOfInstances(modules: ModulesContainer): readonly string[] | undefined {
  try {
    return [...modules.values()].flatMap(({ providers }) => [...providers.keys()].flatMap(nameIn));
  } catch {
    return undefined;
  }
}

function nameIn(token: unknown): readonly string[] {
  const name = typeof token === 'string' ? /^\w+\((.*)\)$/s.exec(token)?.[1] : undefined;
  return name !== undefined && getReplicationToken(name) === token ? [name] : [];
}
