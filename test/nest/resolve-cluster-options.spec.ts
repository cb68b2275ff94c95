import { expect, test } from 'vitest';
import { resolveClusterOptions, resolveOptions } from '../../lib/nest/resolve-options.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';

const cluster = { nodes: ['10.0.0.1:7000'] };
const source = staticNodes(['10.0.0.1:6379']);
/** Resolves options of any type, as plain JavaScript can pass them. */
const resolve = (options: object) => (): unknown =>
  Reflect.apply(resolveClusterOptions, undefined, [{ cluster, ...options }]);

test('only the nodes are required, and the other options have the defaults of a group', () => {
  const { cluster: given, ...rest } = resolveClusterOptions({ cluster });
  const { source: _source, ...defaults } = resolveOptions({ source });
  expect(given).toBe(cluster);
  expect(rest).toStrictEqual(defaults);
});

test('a source of nodes and a translation of addresses are accepted', () => {
  const nodes = { nodes: source, mapEndpoint: () => undefined };
  expect(resolveClusterOptions({ cluster: nodes }).cluster).toBe(nodes);
});

test.each([
  [
    'no object',
    { cluster: ['a:1'] },
    /option "cluster" is .*; allowed is an object such as \{ nodes: \["host:port"\] \}/,
  ],
  [
    'no nodes',
    { cluster: {} },
    /option "cluster.nodes" is undefined; allowed is a list such as \["host:port"\], or a NodeSource/,
  ],
  ['an empty list', { cluster: { nodes: [] } }, /option "cluster.nodes": the list of nodes is empty/],
  [
    'a node that is none',
    { cluster: { nodes: ['redis'] } },
    /option "cluster.nodes": node 1 is not an endpoint/,
  ],
  ['a node named twice', { cluster: { nodes: ['a:1', 'A:1'] } }, /"a:1" is named twice/],
  [
    'a Unix socket',
    { cluster: { nodes: ['unix:/run/redis.sock'] } },
    /node 1 is a Unix socket; allowed is one by TCP/,
  ],
  [
    'a source that is not called',
    { cluster: { nodes: staticNodes } },
    /option "cluster.nodes" is the function staticNodes itself/,
  ],
  [
    'an option that is misspelt',
    { cluster: { nodes: ['a:1'], mapEndpoints: () => undefined } },
    /did you mean "mapEndpoint"\?/,
  ],
  [
    'a source too',
    { source },
    /option "source" is given together with the other of "source" and "cluster"; give one/,
  ],
  [
    'a majority',
    { requireMajority: true },
    /option "requireMajority" is true; allowed is false: the masters of a cluster decide by majority/,
  ],
  ['another database', { redis: { db: 3 } }, /option "redis.db" is 3; a cluster has database 0 only/],
  ['a database that is none', { redis: { db: -1 } }, /option "redis.db" is -1/],
])('%s: the error names the option', (_name, options, message) => {
  expect(resolve(options)).toThrow(TypeError);
  expect(resolve(options)).toThrow(message);
});

test('a group has no cluster', () => {
  const options = { source, cluster };
  expect((): unknown => Reflect.apply(resolveOptions, undefined, [options])).toThrow(
    /"source" and "cluster"; give one/,
  );
});
