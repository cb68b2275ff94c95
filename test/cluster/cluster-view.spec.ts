import { expect, test } from 'vitest';
import { readClusterView } from '../../lib/cluster/cluster-view.js';

const asked = { host: '10.0.0.1', port: 7000 };
const view = (lines: readonly string[], slots: unknown = []) =>
  readClusterView(`${lines.join('\n')}\n`, slots, asked).nodes;

test('masters, replicas, slots and slots on their way are read', () => {
  const nodes = view([
    'a1 10.0.0.1:7000@17000 myself,master - 0 1 3 connected 0-5460 [93->-b1] [77-<-c1]',
    'b1 10.0.0.2:7000@17000,,shard-id=e5 master - 0 1 2 connected 5461-10922 16383',
    'a2 10.0.0.3:7000@17000 slave a1 0 1 3 connected',
  ]);
  expect(nodes).toMatchObject([
    { id: 'a1', slots: [{ first: 0, last: 5460 }], migrating: [93, 77], isAsked: true, isMember: true },
    {
      id: 'b1',
      endpoint: { host: '10.0.0.2', port: 7000 },
      slots: [
        { first: 5461, last: 10_922 },
        { first: 16_383, last: 16_383 },
      ],
      migrating: [],
      isAsked: false,
    },
    { id: 'a2', masterId: 'a1', slots: [] },
  ]);
  expect(nodes[0]).not.toHaveProperty('masterId');
});

test('a node that does not know its own address is where it was asked', () => {
  const [node] = view(['a1 :7000@17000 myself,master - 0 1 3 connected 0-16383']);
  expect(node).toMatchObject({ endpoint: asked });
});

test('a node is where CLUSTER SLOTS leads clients, and is known by its other names too', () => {
  const slots = [
    [0, 16_383, ['redis-a.example', 7100, 'a1', ['ip', '10.0.0.1']], [null, 7100, 'a2'], ['', 7100, 'a3']],
  ];
  const nodes = view(
    [
      'a1 10.0.0.1:7000@17000,redis-a.example myself,master - 0 1 3 connected 0-16383',
      'a2 10.0.0.2:7000@17000 slave a1 0 1 3 connected',
    ],
    slots,
  );
  expect(nodes).toMatchObject([
    {
      endpoint: { host: 'redis-a.example', port: 7100 },
      aliases: [{ host: '10.0.0.1', port: 7000 }, { host: 'redis-a.example', port: 7000 }, asked],
    },
    { endpoint: { host: '10.0.0.2', port: 7000 } },
  ]);
});

test('nodes in their handshake or without an address are no members', () => {
  const nodes = view([
    'a1 10.0.0.1:7000@17000 myself,master - 0 1 3 connected 0-16383',
    'x1 10.0.0.9:7000@17000 handshake - 0 1 0 connected',
    'x2 :0@0 slave,noaddr a1 0 1 3 disconnected',
  ]);
  expect(nodes.filter(({ isMember }) => isMember).map(({ id }) => id)).toEqual(['a1']);
});

test('what is no reply of a server gives no nodes', () => {
  expect(view(['ERR unknown', '', 'x y z'], 'no list')).toEqual([]);
  expect(readClusterView('', null, asked).nodes).toEqual([]);
});

test('IPv6 addresses are read, and TLS is kept from the node that was asked', () => {
  const { nodes } = readClusterView('a1 2001:db8::1:7000@17000 master - 0 1 3 connected 0-16383', [], {
    ...asked,
    tls: true,
  });
  expect(nodes).toMatchObject([{ endpoint: { host: '2001:db8::1', port: 7000, tls: true } }]);
});
