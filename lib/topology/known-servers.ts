import { formatEndpoint } from './endpoint.js';
import type { Observation } from './observation.js';

/** The server that answered last at each endpoint: its run id or, where that is unknown, the endpoint itself. */
export type ServerIdentities = ReadonlyMap<string, string>;

/** Endpoints that have left the list are forgotten. */
export function rememberIdentities(
  before: ServerIdentities,
  observations: readonly Observation[],
): ServerIdentities {
  return new Map(
    observations.flatMap((observation) => {
      const name = formatEndpoint(observation.endpoint);
      const identity =
        observation.kind === 'answered' ? (observation.report.runId ?? name) : before.get(name);
      return identity === undefined ? [] : [[name, identity] as const];
    }),
  );
}

/**
 * How many servers a majority is counted among. A server with two names counts once, also while it is out of reach. An
 * address that the source derived counts once a server has answered there, because it may lead to none.
 */
export function countServers(
  observations: readonly Observation[],
  identities: ServerIdentities,
  derived: ReadonlySet<string>,
): number {
  const names = observations.map(({ endpoint }) => formatEndpoint(endpoint));
  return new Set(names.flatMap((name) => identities.get(name) ?? (derived.has(name) ? [] : name))).size;
}
