import { formatEndpoint, type Endpoint } from './endpoint.js';
import type { NodeReport, Observation } from './observation.js';

/** One server process. Two endpoints with the same run id are one server. */
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
 * of them, so that the accepted master keeps its name, otherwise after the first in alphabetical order.
 */
export function groupServers(
  observations: readonly Observation[],
  preferred: string | undefined,
): readonly Server[] {
  const groups = new Map<string, Observation[]>();
  for (const observation of observations) {
    const identity = identityOf(observation);
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

function identityOf(observation: Observation): string {
  const runId = observation.kind === 'answered' ? observation.report.runId : undefined;
  return runId === undefined ? `endpoint ${formatEndpoint(observation.endpoint)}` : `run ${runId}`;
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
  // The endpoints of one server are probed at different moments, so only the latest answer counts.
  const newest = newestOf(group) ?? dialled;
  const server: Server = {
    endpoint,
    aliases: names.filter((name) => name !== endpoint),
    address: dialled.endpoint,
    observation: newest,
  };
  return [newest.kind === 'answered' ? { ...server, report: newest.report } : server];
}
