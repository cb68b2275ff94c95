import { BehaviorSubject, type Observable } from 'rxjs';
import { epochOffsetMs, monotonicMs } from '../../clock/clock.js';
import { allow, findFaults, throwFaults } from '../../options/rules.js';
import { parseEndpoint } from '../../topology/endpoint.js';
import type { Topology, TopologyNode } from '../../topology/topology.js';

/** @publicApi */
export interface FakeTopologyOptions {
  /** The endpoints of the nodes, the master first. Default `10.0.0.1:6379` and `10.0.0.2:6379`. */
  readonly nodes?: readonly string[];
}

/**
 * A topology that a test changes by hand. It begins as `steady`, with the first node as the master.
 *
 * @publicApi
 */
export interface FakeTopology {
  /** What `@InjectRedisTopology()` injects: replays the latest, never errors. */
  readonly topology$: Observable<Topology>;
  readonly latest: Topology;
  /** The node becomes the master, and the others its replicas. Default: the first one that is no master. */
  failOver(to?: string): void;
  /** The master cannot be reached any more, and no other node is one. */
  loseMaster(): void;
  /** Several nodes claim to be the master, and nothing proves any of them. Default: all. */
  contest(claimants?: readonly string[]): void;
  /** Emits any other state. */
  next(topology: Topology): void;
  /** Completes the stream, as the shutdown of the app does. */
  complete(): void;
}

/**
 * A topology for unit tests, without any server or socket.
 *
 * @throws TypeError for a node that is no endpoint.
 * @publicApi
 */
export function createFakeTopology(options: FakeTopologyOptions = {}): FakeTopology {
  throwFaults(
    findFaults({ nodes: allow('a list of at least one text', isTextList) }, options),
    'createFakeTopology: ',
  );
  const { nodes = ['10.0.0.1:6379', '10.0.0.2:6379'] } = options;
  const [first = ''] = nodes;
  const subject = new BehaviorSubject<Topology>({
    kind: 'steady',
    master: first,
    generation: 1,
    cause: 'start',
    changedAt: epochMs(),
    nodes: describeNodes(nodes, first),
  });
  return {
    topology$: subject.asObservable(),
    get latest() {
      return subject.value;
    },
    failOver: (to) => subject.next(afterFailover(subject.value, nodes, to)),
    loseMaster: () => subject.next(withoutMaster(subject.value, nodes)),
    contest: (claimants = nodes) => subject.next(contested(subject.value, nodes, claimants)),
    next: (topology) => subject.next(topology),
    complete: () => subject.complete(),
  };
}

/** The master before, also while there is none. */
function lastMaster(topology: Topology): string | undefined {
  return topology.kind === 'steady' ? topology.master : topology.lastFailover?.to;
}

function afterFailover(before: Topology, nodes: readonly string[], wanted: string | undefined): Topology {
  const from = lastMaster(before) ?? nodes[0] ?? '';
  const to = wanted ?? nodes.find((each) => each !== from) ?? from;
  requireKnown(nodes, [to]);
  const at = epochMs();
  const generation = before.generation + 1;
  const cause = 'connection closed';
  return {
    kind: 'steady',
    master: to,
    generation,
    cause,
    changedAt: at,
    nodes: describeNodes(nodes, to),
    lastFailover: { generation, from, to, at, tookMs: 1, cause, proof: 'history' },
  };
}

function withoutMaster({ kind: _kind, ...before }: Topology, nodes: readonly string[]): Topology {
  const [lost] = before.nodes.filter(({ kind }) => kind === 'master');
  return {
    ...factsOf(before, 'connection closed'),
    kind: 'masterless',
    nodes: nodes.map((endpoint) =>
      endpoint === lost?.endpoint
        ? {
            ...identityOf(endpoint),
            kind: 'unusable',
            reachable: false,
            fault: 'REFUSED',
            message: `connect ECONNREFUSED ${endpoint}`,
          }
        : { ...identityOf(endpoint), kind: 'replica', role: 'replica', reachable: true, link: 'down' },
    ),
  };
}

function contested(before: Topology, nodes: readonly string[], claimants: readonly string[]): Topology {
  requireKnown(nodes, claimants);
  return {
    ...factsOf(before, 'poll'),
    kind: 'contested',
    claimants,
    nodes: nodes.map((endpoint) => ({
      ...identityOf(endpoint),
      reachable: true,
      ...(claimants.includes(endpoint)
        ? { kind: 'contender', role: 'master' }
        : { kind: 'replica', role: 'replica' }),
    })),
  };
}

/** What a state takes over from the one before. */
function factsOf(
  { generation, lastFailover }: Pick<Topology, 'generation' | 'lastFailover'>,
  cause: Topology['cause'],
) {
  return {
    generation,
    cause,
    changedAt: epochMs(),
    ...(lastFailover !== undefined && { lastFailover }),
  };
}

function describeNodes(nodes: readonly string[], master: string): readonly TopologyNode[] {
  return nodes.map((endpoint) =>
    endpoint === master
      ? { ...identityOf(endpoint), kind: 'master', role: 'master', reachable: true }
      : {
          ...identityOf(endpoint),
          kind: 'replica',
          role: 'replica',
          reachable: true,
          link: 'up',
          lagBytes: 0,
          following: true,
        },
  );
}

function identityOf(endpoint: string) {
  return { endpoint, address: parseEndpoint(endpoint) };
}

function requireKnown(nodes: readonly string[], named: readonly string[]): void {
  const unknown = named.find((each) => !nodes.includes(each));
  if (unknown !== undefined) {
    throw new TypeError(`createFakeTopology: ${unknown} is none of the nodes ${nodes.join(', ')}`);
  }
}

function epochMs(): number {
  return Math.round(monotonicMs() + epochOffsetMs());
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
}
