import type { ModulesContainer } from '@nestjs/core';
import { getReplicationToken } from './tokens.js';

/** The name of each instance in the app, as often as it was imported. */
export function namesOfInstances(modules: ModulesContainer): readonly string[] {
  return [...modules.values()].flatMap(({ providers }) =>
    [...providers.keys()].flatMap((token) => {
      const name = typeof token === 'string' ? /^\w+\((.*)\)$/s.exec(token)?.[1] : undefined;
      return name !== undefined && getReplicationToken(name) === token ? [name] : [];
    }),
  );
}
