import { once } from 'node:events';
import { createServer } from 'node:http';
import type { NodeSource } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { loadFirstBlock } from './load-block.js';
import { readPage } from './pages.js';

/** An inventory that lists what a test says. */
async function startInventory() {
  let answer: { readonly status: number; readonly body: unknown } = { status: 200, body: [] };
  const server = createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the inventory has no port');
  return {
    url: `http://127.0.0.1:${address.port}/redis`,
    list: (...nodes: readonly RedisServer[]) => {
      const body = nodes.map(({ host, port }, index) => ({ address: host, port, zone: `zone-${index}` }));
      answer = { status: 200, body };
    },
    fail: (status: number) => {
      answer = { status, body: 'no list' };
    },
  };
}

interface Recipe {
  fromInventory(url: string): NodeSource;
}

function isRecipe(value: unknown): value is Recipe {
  return typeof value === 'object' && value !== null && 'fromInventory' in value;
}

test('the source of the recipe follows an inventory through a failover, and goes on while it fails', async () => {
  const recipe = await loadFirstBlock(readPage('docs/recipes.md'), 'Writing a source');
  if (!isRecipe(recipe)) throw new Error('the recipe exports no source');
  const [group, inventory] = await Promise.all([startGroup(), startInventory()]);
  onTestFinished(() => group.stop());
  const { master, heir, other } = rolesOf(group);
  inventory.list(master, heir);
  const source = recipe.fromInventory(inventory.url);
  const { replication, writer, whenMaster, whenTopology, notes } = await openReplication(source);
  expect(await writer.set('key', 'first')).toBe('OK');
  expect(replication.latest.nodes.map(({ endpoint, zone }) => [endpoint, zone])).toContainEqual([
    heir.endpoint,
    'zone-1',
  ]);
  // The lost connections are the signals at which the inventory is asked: its next turn would be half a minute later.
  inventory.list(heir, other);
  await master.kill();
  await promote(heir);
  await whenMaster(heir);
  expect(await writer.set('key', 'second')).toBe('OK');
  const { nodes } = await whenTopology(({ nodes: listed }) =>
    listed.every(({ endpoint }) => endpoint !== master.endpoint),
  );
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(
    [heir.endpoint, other.endpoint].toSorted(),
  );
  inventory.fail(503);
  replication.probe();
  const isNamed = (note: string) => note === 'the source of nodes failed: the inventory answered 503';
  await until('the fault is named', () => notes.some(isNamed));
  expect(await writer.get('key')).toBe('second');
});
