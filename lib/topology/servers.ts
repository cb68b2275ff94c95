import { formatEndpoint, type Endpoint } from './endpoint.js';
import type { NodeReport, Observation } from './observation.js';

/** One server process. Endpoints with the same run id are one server. */
export interface Server {
  readonly endpoint: string;
  readonly aliases: readonly string[];
  readonly address: Endpoint;
  readonly observation: Observation;
}

export interface AnsweredServer extends Server {
  readonly report: NodeReport;
}

/**
 * M1: the servers behind the observed endpoints. A server with several endpoints is named after `preferred` if that is one
 * of them, so that the accepted master keeps its name, otherwise after the first in alphabetical order. What counts is the
 * answer at the endpoint that gives it its name.
 */
export function groupServers(
  observations: readonly Observation[],
  preferred: string | undefined,
): readonly Server[] {
  const groups = new Map<string, Observation[]>();
  const named = observations.find(({ endpoint }) => formatEndpoint(endpoint) === preferred);
  for (const observation of observations) {
    const identity = identityOf(observation, runIdOf(named));
    groups.set(identity, [...(groups.get(identity) ?? []), observation]);
  }
  return [...groups.values()].flatMap((group) => nameServer(group, preferred));
}

export function isAnswered(server: Server): server is AnsweredServer {
  return 'report' in server;
}

/** The latest observation. Ties within a millisecond are broken independently of the order of the list. */
export function newestOf(observations: readonly Observation[]): Observation | undefined {
  return observations.toSorted(
    (a, b) =>
      b.at - a.at ||
      b.signal.at - a.signal.at ||
      (formatEndpoint(a.endpoint) < formatEndpoint(b.endpoint) ? -1 : 1),
  )[0];
}

/**
 * A node may lie about its run id, or repeat that of another one. It must not speak for that node: neither for the accepted
 * master, which speaks for itself, nor for a replica that was promoted.
 */
function identityOf(observation: Observation, acceptedRunId: string | undefined): string {
  const runId = runIdOf(observation);
  if (observation.kind !== 'answered' || runId === undefined) {
    return `endpoint ${formatEndpoint(observation.endpoint)}`;
  }
  return runId === acceptedRunId ? `run ${runId}` : `${observation.report.role} ${runId}`;
}

function runIdOf(observation: Observation | undefined): string | undefined {
  return observation?.kind === 'answered' ? observation.report.runId : undefined;
}

function nameServer(
  group: readonly Observation[],
  preferred: string | undefined,
): readonly (Server | AnsweredServer)[] {
  const names = group.map(({ endpoint }) => formatEndpoint(endpoint)).toSorted();
  const endpoint = names.find((name) => name === preferred) ?? names[0];
  const dialled = group.find((observation) => formatEndpoint(observation.endpoint) === endpoint);
  if (endpoint === undefined || dialled === undefined) {
    return [];
  }
  const server: Server = {
    endpoint,
    aliases: names.filter((name) => name !== endpoint),
    address: dialled.endpoint,
    observation: dialled,
  };
  return [dialled.kind === 'answered' ? { ...server, report: dialled.report } : server];
}
