import { formatEndpoint, type Endpoint } from './endpoint.js';
import type { NodeReport, Observation } from './observation.js';

/** One server process: two endpoints with one run id are one server. */
export interface Server {
  readonly endpoint: string;
  readonly aliases: readonly string[];
  readonly address: Endpoint;
  readonly observation: Observation;
}

/** A server that answered. */
export interface AnsweredServer extends Server {
  readonly report: NodeReport;
}

/**
 * The servers behind the observed endpoints. Where several endpoints lead to one server, it goes by the one named
 * `preferred` (the accepted master keeps its name), else by the alphabetically first.
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

/** The observation made last; where two were made in one millisecond, the same one whatever their order. */
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
  // The newest answer speaks for the server: the endpoints of one server are asked at different moments.
  const newest = newestOf(group) ?? dialled;
  const server: Server = {
    endpoint,
    aliases: names.filter((name) => name !== endpoint),
    address: dialled.endpoint,
    observation: newest,
  };
  return [newest.kind === 'answered' ? { ...server, report: newest.report } : server];
}
