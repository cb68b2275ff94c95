import type { Socket } from 'node:net';
import { EMPTY, firstValueFrom, throwError, type Observable } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { WarmSockets } from '../../../lib/connections/line/warm-sockets.js';
import { dial } from '../../../lib/sockets/dial.js';
import { parseEndpoint } from '../../../lib/topology/endpoint.js';
import type { TopologyNode } from '../../../lib/topology/topology.js';
import { startFakeNode, type FakeNode } from '../../support/fake-node.js';
import { until } from '../../../lib/testing/servers/until.js';
import { emitted } from '../../support/emitted.js';

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

test('a kept socket is open before it is taken, and stays open for the one that took it', async () => {
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

test('a socket that is still connecting can be taken too', async () => {
  const { dials, warm, heir } = await start();
  warm.keep([heir]);
  const socket = await take(warm, heir);
  expect(socket.readyState).toBe('open');
  expect(dials).toHaveLength(1);
  socket.destroy();
});

test('keeping the same node again opens no second socket, and the socket to a node that is no longer kept is closed', async () => {
  const { node, dials, warm, heir } = await start();
  warm.keep([heir]);
  warm.keep([heir]);
  await until('it is open', () => node.connections === 1);
  expect(dials).toHaveLength(1);
  warm.keep([]);
  await until('it is closed', () => node.connections === 0);
  expect(warm.take(heir.endpoint)).toBeUndefined();
});

test('a socket that the node closed cannot be taken', async () => {
  const { node, warm, heir } = await start();
  warm.keep([heir]);
  await until('it is open', () => node.connections === 1);
  node.dropConnections();
  await until('it is gone', () => warm.take(heir.endpoint) === undefined);
});

test('after a socket was taken, keeping the node again opens another one', async () => {
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

test('there is nothing to take, and to wait for, while a node cannot be reached', () => {
  const warm = new WarmSockets(() => throwError(() => new Error('refused')));
  const heir = nodeAt('10.0.0.1:6379');
  warm.keep([heir]);
  // The next attempt is a second away, so the caller should dial by itself.
  expect(warm.take(heir.endpoint)).toBeUndefined();
  warm.keep([]);
});

test('an error of a socket after it was taken does not end the process', async () => {
  const { node, warm, heir } = await start();
  warm.keep([heir]);
  const socket = await take(warm, heir);
  const closed = emitted(socket, 'close');
  node.dropConnections();
  socket.resume();
  await closed;
  expect(socket.destroyed).toBe(true);
});
