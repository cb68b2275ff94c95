import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FollowingRedis } from '../../lib/connections/following-redis.js';
import { everyCall } from '../support/every-call.js';
import { startFakeNode, type FakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { createReplication, openReplication, type OpenReplication } from '../support/open-replication.js';
import { error } from '../support/resp.js';
import { until } from '../../lib/testing/servers/until.js';

async function fakeNode(options?: FakeNodeOptions): Promise<FakeNode> {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

const unknownCommand = (name: string) => error(`ERR unknown command '${name}'`);

/** As a proxy that knows no transactions, before a node that is a replica by now. */
const withoutTransactions: FakeNodeOptions = {
  onCommand([name = '']) {
    if (name === 'multi' || name === 'exec') return unknownCommand(name);
    return name === 'set' ? error("READONLY You can't write against a read only replica.") : undefined;
  },
};

test('a transaction ends where MULTI is unknown and a member is refused', async () => {
  const node = await fakeNode(withoutTransactions);
  const { writer } = await openReplication([node.endpoint]);
  await expect(writer.multi().set('key', 'value').exec()).rejects.toThrow("unknown command 'exec'");
});

test('a pipeline with MULTI but without EXEC ends where a member is refused', async () => {
  const node = await fakeNode(withoutTransactions);
  const { writer } = await openReplication([node.endpoint]);
  const pipeline = writer.pipeline([
    ['call', 'multi'],
    ['set', 'key', 'value'],
  ]);
  expect(await pipeline.exec()).toMatchObject([[{ name: 'ReplyError' }], [{ code: 'NOT_APPLIED' }]]);
});

interface Stage extends OpenReplication {
  readonly node: FakeNode;
}

const options = { hold: { timeoutMs: 60_000 }, shutdownTimeoutMs: 50 } as const;

async function open(node: FakeNode): Promise<Stage> {
  return { ...(await openReplication([node.endpoint], options)), node };
}

async function begin(node: FakeNode): Promise<Stage> {
  const opened = createReplication([node.endpoint], options);
  await opened.replication.onModuleInit();
  return { ...opened, node };
}

/** What stands between the app and the master when the calls are issued. */
const states: readonly (readonly [string, () => Promise<Stage>])[] = [
  ['there is no master', async () => begin(await fakeNode({ role: 'replica' }))],
  [
    'the handshake is not answered',
    async () => {
      const stage = await begin(
        await fakeNode({ onCommand: ([name]) => (name === 'info' ? 'hang' : undefined) }),
      );
      await until('it has begun', () => stage.node.commands.some(([name]) => name === 'info'));
      return stage;
    },
  ],
  [
    'the master answers nothing',
    async () => {
      const stage = await open(await fakeNode());
      stage.node.hang();
      return stage;
    },
  ],
  ['the master answers', async () => open(await fakeNode())],
  [
    'the master has refused a command',
    async () => {
      const stage = await open(await fakeNode());
      const { node, writer } = stage;
      node.refuse('READONLY demoted');
      writer.set('refused', 1).catch(() => undefined);
      await until('it is held', () => writer instanceof FollowingRedis && writer.heldCommands > 0);
      return stage;
    },
  ],
  [
    'the connection is just lost',
    async () => {
      const stage = await open(await fakeNode());
      stage.node.refuseConnections();
      stage.node.dropConnections();
      return stage;
    },
  ],
];

const ends: readonly (readonly [string, (stage: Stage) => Promise<void>])[] = [
  ['the app closes', ({ replication }) => replication.onApplicationShutdown()],
  [
    'the connection is closed',
    async ({ writer, replication }) => {
      writer.disconnect();
      // Duplicates are connections of their own.
      await replication.onApplicationShutdown();
    },
  ],
];

describe.each(states)('when %s', (_, prepare) => {
  describe.each(ends)('%s', (__, end) => {
    test.each(Object.entries(everyCall))(
      'and all of this ends: %s',
      async (___, issue) => {
        const unhandled = vi.fn();
        process.on('unhandledRejection', unhandled);
        onTestFinished(() => void process.off('unhandledRejection', unhandled));
        const stage = await prepare();
        const issued = issue(stage.writer);
        const ended = Promise.allSettled(issued);
        await end(stage);
        expect(await ended).toHaveLength(issued.length);
        expect(unhandled).not.toHaveBeenCalled();
      },
      5000,
    );
  });
});
