import { Socket } from 'node:net';
import { NEVER, Subject, type Observable } from 'rxjs';
import { expect, test } from 'vitest';
import { NodeDialer } from '../../../lib/connections/line/node-dialer.js';
import type { LineState } from '../../../lib/connections/line/line-state.js';
import { NodeFailures } from '../../../lib/connections/line/node-failures.js';
import { Notices } from '../../../lib/notices/notices.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../../lib/topology/endpoint.js';
import type { Observation } from '../../../lib/topology/observation.js';
import { pickWriter, replicasIn } from '../../../lib/topology/pick.js';
import { initialResolution } from '../../../lib/topology/resolve-topology.js';
import type { Topology, TopologyNode } from '../../../lib/topology/topology.js';

const [first, second, third] = ['10.0.0.1:6379', '10.0.0.2:6379', '10.0.0.3:6379'];

function node(endpoint: string, kind: 'master' | 'replica'): TopologyNode {
  return { kind, role: kind, reachable: true, endpoint, address: parseEndpoint(endpoint) };
}

/** A group of three with this master, or with none. */
function group(master?: string): Topology {
  const { topology } = initialResolution(0);
  const nodes = [first, second, third].map((each) => node(each, each === master ? 'master' : 'replica'));
  const rest = { ...topology, nodes };
  return master === undefined ? { ...rest, kind: 'masterless' } : { ...rest, kind: 'steady', master };
}

/** Where the dialer has opened sockets in advance, after it was told these things in turn. */
function dialled(...told: readonly (readonly [Topology, LineState])[]): readonly string[] {
  const open = new Set<string>();
  const notices = new Notices(() => undefined);
  const reach = (address: Endpoint): Observable<Socket> => {
    open.add(formatEndpoint(address));
    return NEVER;
  };
  const stream = {
    topology$: NEVER,
    observed$: new Subject<Observation>(),
    emit: () => undefined,
    close: () => undefined,
  };
  const choose = (topology: Topology) => pickWriter(topology, { requireMajority: false });
  const dialer = new NodeDialer(
    { stream, choose, candidates: replicasIn, reach, notices },
    new NodeFailures({ notices }),
  );
  told.forEach(([topology, state]) => dialer.prepare(topology, first, state));
  dialer.stop();
  return [...open];
}

const reason = 'a test';
const socket = new Socket();
const at = (endpoint: string, kind: 'open' | 'leaving'): LineState =>
  kind === 'open' ? { kind, endpoint, socket } : { kind, endpoint, socket, reason };

test('a connection to the picked node opens no socket in advance', () => {
  expect(dialled([group(first), at(first, 'open')])).toEqual([]);
});

test('without a master, a socket to each node that may be promoted is opened', () => {
  expect(dialled([group(), at(first, 'leaving')])).toEqual([first, second, third]);
});

test('a master that has refused a command is about to be replaced: sockets are opened before its heir is known', () => {
  expect(dialled([group(first), at(first, 'leaving')])).toEqual([second, third]);
});

test('the next master is dialled while the replies of the one before are awaited', () => {
  expect(dialled([group(second), at(first, 'leaving')])).toEqual([second]);
});
