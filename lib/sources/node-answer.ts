import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import type { NodeReport, Observation } from '../topology/observation.js';

/** What a node has last answered, and whether it answers now. */
export interface Answer {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly reachable: boolean;
  /** Absent if it has never answered. */
  readonly report?: NodeReport;
  /** The addresses that it names and that may be followed, as they are to be dialled. */
  readonly named: readonly NamedAddress[];
  /** The master from which it was told to replicate. */
  readonly follows?: string;
  /** An address that it names and that is not allowed. */
  readonly refused?: string;
}

interface NamedAddress {
  readonly name: string;
  readonly endpoint: Endpoint;
}

export interface AddressRules {
  /** The address to dial for one that a node names; `undefined` if it is not to be followed. */
  readonly locate: (named: Endpoint) => Endpoint | undefined;
  readonly isAllowed: (address: Endpoint) => boolean;
}

/** A group is smaller. What a node names beyond is not looked at, so that one reply costs a bounded time. */
export const MAX_NAMED = 256;

/** Whether an observation of the node says nothing that its last answer has not said. */
export function saysTheSame(before: Answer | undefined, observation: Observation): boolean {
  if (observation.kind !== 'answered') {
    return before?.reachable === false;
  }
  const [a, b] = [before?.report, observation.report];
  return (
    before?.reachable === true &&
    a?.role === b.role &&
    a.history?.id === b.history?.id &&
    textOf([a.follows]) === textOf([b.follows]) &&
    textOf(a.named) === textOf(b.named)
  );
}

export function readAnswer(
  before: Answer | undefined,
  observation: Observation,
  rules: AddressRules,
): Answer {
  const { endpoint } = observation;
  const node = { name: formatEndpoint(endpoint), endpoint };
  if (observation.kind !== 'answered') {
    return { named: [], ...before, ...node, reachable: false };
  }
  const { report } = observation;
  const located = report.named
    .slice(0, MAX_NAMED)
    .flatMap((each) => locate(each, endpoint, rules))
    .map((each) => ({ ...each, isAllowed: rules.isAllowed(each.endpoint) }));
  const refused = located.find(({ isAllowed }) => !isAllowed)?.name;
  const [follows] = report.follows === undefined ? [] : locate(report.follows, endpoint, rules);
  return {
    ...node,
    reachable: true,
    report,
    named: located.filter(({ isAllowed }) => isAllowed),
    ...(follows && { follows: follows.name }),
    ...(refused !== undefined && { refused }),
  };
}

/** Nodes that a node with TLS names have TLS, too. */
function locate(named: Endpoint, { tls }: Endpoint, rules: AddressRules): readonly NamedAddress[] {
  const endpoint = rules.locate({ ...named, ...(tls === true && { tls }) });
  return endpoint === undefined ? [] : [{ name: formatEndpoint(endpoint), endpoint }];
}

function textOf(endpoints: readonly (Endpoint | undefined)[]): string {
  return endpoints
    .slice(0, MAX_NAMED)
    .map((each) => each && formatEndpoint(each))
    .join();
}
