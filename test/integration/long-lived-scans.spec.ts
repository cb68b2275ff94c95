import type { Redis } from 'ioredis';
import { NotAppliedError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { allFailovers } from '../support/failovers.js';
import { rolesOf, type GroupRoles } from '../support/group-roles.js';
import { openReplication } from '../support/open-replication.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

async function open() {
  return { opened: await openReplication(group.endpoints), roles: rolesOf(group) };
}

describe('a scan that a failover interrupts', () => {
  test.each(['the master is killed and the heir promoted', 'a planned swap'] as const)(
    'on the writer tells all keys or fails: %s',
    async (name) => {
      const { opened, roles } = await open();
      const keys = await fill(roles);
      const found = await scan(opened.writer, () => allFailovers[name](roles, opened));
      expectAllOrFailure(found, keys);
    },
  );

  test('on the reader tells all keys or fails', async () => {
    const { opened, roles } = await open();
    const keys = await fill(roles);
    await opened.reader.ping();
    const port = opened.reader.stream.remotePort;
    const used = group.nodes.find((node) => node.port === port);
    const found = await scan(opened.reader, async () => used?.kill());
    expectAllOrFailure(found, keys);
  });

  test('tells all keys where the connection is made anew to the same server', async () => {
    const { opened, roles } = await open();
    const keys = await fill(roles);
    const found = await scan(opened.writer, async () => {
      // Not `once` of Node, which an error of the connection would reject.
      const isBack = new Promise((resolve) => void opened.writer.once('ready', resolve));
      await roles.master.command('CLIENT', 'KILL', 'TYPE', 'normal');
      await isBack;
    });
    expect(found).toEqual(keys);
  });

  /** A stream reads up to 16 replies ahead: there must be more to come. */
  const keyCount = 5000;

  async function fill({ master, heir, other }: GroupRoles): Promise<ReadonlySet<string>> {
    await master.command('EVAL', `for i = 1, ${keyCount} do redis.call('SET', 'key:' .. i, 'x') end`, 0);
    await whenInSync(master, [heir, other]);
    return new Set(Array.from({ length: keyCount }, (_, index) => `key:${index + 1}`));
  }

  /** The keys, or why they could not be told. */
  async function scan(redis: Redis, interrupt: () => Promise<unknown>): Promise<unknown> {
    const found = new Set<string>();
    try {
      for await (const keys of redis.scanStream({ match: 'key:*', count: 100 })) {
        const isFirst = found.size === 0;
        if (Array.isArray(keys)) keys.forEach((key) => found.add(String(key)));
        if (isFirst) await interrupt();
      }
      return found;
    } catch (error) {
      return error;
    }
  }

  /** A cursor means something to the server only that gave it out. */
  function expectAllOrFailure(found: unknown, keys: ReadonlySet<string>): void {
    if (found instanceof Set) {
      expect(`${found.size} keys`).toBe(`${keys.size} keys`);
    } else {
      expect(found).toBeInstanceOf(NotAppliedError);
      expect(found).toHaveProperty('reason', expect.stringContaining('cursor'));
    }
  }
});
