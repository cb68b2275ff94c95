import { once } from 'node:events';
import type { Socket } from 'node:net';
import { EMPTY, firstValueFrom, throwError, type Observable } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { WarmSockets } from '../../../lib/connections/line/warm-sockets.js';
import { dial } from '../../../lib/sockets/dial.js';
import { parseEndpoint } from '../../../lib/topology/endpoint.js';
import type { TopologyNode } from '../../../lib/topology/topology.js';
import { startFakeNode, type FakeNode } from '../../support/fake-node.js';
import { until } from '../../support/until.js';

const open: { node?: FakeNode; warm?: WarmSockets } = {};

afterEach(async () => {
  open.warm?.keep([]);
  await open.node?.stop();
});

async function start() {
  const node = await startFakeNode();
  const dials: string[] = [];
  const reach = ({ endpoint, address }: TopologyNode): Observable<Socket> => {
    dials.push(endpoint);
    return dial(address, { connectTimeoutMs: 1000 });
  };
  const warm = new WarmSockets(reach);
  Object.assign(open, { node, warm });
  return { node, dials, warm, heir: nodeAt(node.endpoint) };
}

function nodeAt(endpoint: string): TopologyNode {
  return { kind: 'replica', role: 'replica', reachable: true, endpoint, address: parseEndpoint(endpoint) };
}

const take = (warm: WarmSockets, { endpoint }: TopologyNode) => firstValueFrom(warm.take(endpoint) ?? EMPTY);

test('a socket that is kept is open before it is taken, and belongs to who takes it', async () => {
  const { node, dials, warm, heir } = await start();
  warm.keep([heir]);
  await until('it is open', () => node.connections === 1);
  const socket = await take(warm, heir);
  warm.keep([]);
  expect(socket.destroyed).toBe(false);
  expect(node.commands).toEqual([]);
  expect(dials).toEqual([heir.endpoint]);
  socket.destroy();
});

test('a socket that is still being opened can be taken, too', async () => {
  const { dials, warm, heir } = await start();
  warm.keep([heir]);
  const socket = await take(warm, heir);
  expect(socket.readyState).toBe('open');
  expect(dials).toHaveLength(1);
  socket.destroy();
});

test('the same node again opens nothing more, and a socket to a node that is not kept any more is closed', async () => {
  const { node, dials, warm, heir } = await start();
  warm.keep([heir]);
  warm.keep([heir]);
  await until('it is open', () => node.connections === 1);
  expect(dials).toHaveLength(1);
  warm.keep([]);
  await until('it is closed', () => node.connections === 0);
  expect(warm.take(heir.endpoint)).toBeUndefined();
});

test('a socket that the node closes is not given away', async () => {
  const { node, warm, heir } = await start();
  warm.keep([heir]);
  await until('it is open', () => node.connections === 1);
  node.dropConnections();
  await until('there is none', () => warm.take(heir.endpoint) === undefined);
});

test('a node that was taken is prepared for anew when it is wanted again', async () => {
  const { dials, warm, heir } = await start();
  warm.keep([heir]);
  const first = await take(warm, heir);
  warm.keep([heir]);
  const second = await take(warm, heir);
  expect(second).not.toBe(first);
  expect(dials).toHaveLength(2);
  first.destroy();
  second.destroy();
});

test('a node that cannot be reached keeps nobody waiting', () => {
  const warm = new WarmSockets(() => throwError(() => new Error('refused')));
  const heir = nodeAt('10.0.0.1:6379');
  warm.keep([heir]);
  // It rests now, and is tried again later: until then nobody need wait for it.
  expect(warm.take(heir.endpoint)).toBeUndefined();
  warm.keep([]);
});

test('an error of a socket that was taken is the affair of its new owner', async () => {
  const { node, warm, heir } = await start();
  warm.keep([heir]);
  const socket = await take(warm, heir);
  const closed = once(socket, 'close');
  node.dropConnections();
  socket.resume();
  await closed;
  expect(socket.destroyed).toBe(true);
});
