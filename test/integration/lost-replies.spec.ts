import type { Redis } from 'ioredis';
import { UnknownOutcomeError } from 'nestjs-redis-replication';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  executions,
  fill,
  forms,
  issueEach,
  openBehindDoor,
  times,
  writes,
  type Stage,
} from '../support/lost-replies.js';
import { matching } from '../support/matchers.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { whenInSync } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { faults, type Fault } from './lost-reply-faults.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(async () => {
  await restoreGroup(group);
  await group.master.command('SET', 'lost:text', 'text');
  await whenInSync(group.master, group.replicas);
});

afterAll(() => group.stop());

const unknown = (command: string, { door }: Stage, generation: number) => ({
  name: 'UnknownOutcomeError',
  code: 'UNKNOWN_OUTCOME',
  command,
  node: door.endpoint,
  generation,
});

const trueReplies = [1, 1, matching(/^\d+-\d+$/), 1, 'text'];

/** Nowhere more often than once, and where there is a choice, exactly as often as the fault allows. */
async function expectExecutions({ executed }: Fault, now: RedisServer, stage: Stage): Promise<void> {
  expect(await stage.writer.set('later', 'value')).toBe('OK');
  expect(await now.command('GET', 'later')).toBe('value');
  expect(await executions(now)).toEqual(times(executed.now));
  await whenInSync(now, [stage.other]);
  expect(await executions(stage.other)).toEqual(times(executed.now));
  if (executed.old !== undefined) {
    expect(await executions(stage.master)).toEqual(times(executed.old));
  }
}

describe.each(forms)('$name', ({ redis, issue }) => {
  test.each(faults)('when $name', async (fault) => {
    const stage = await openBehindDoor(group, redis);
    await fault.prepare(stage);
    const ended = issue(stage.writer);
    const now = await fault.strike(stage);
    const [text, ...others] = (await ended).toReversed();
    expect(text).toBe('text');
    if (fault.ends === 'answered') {
      expect(others.toReversed()).toEqual(trueReplies.slice(0, -1));
    } else {
      expect(others.toReversed()).toMatchObject(writes.map((name) => unknown(name, stage, fault.generation)));
      for (const error of others) expect(error).toBeInstanceOf(UnknownOutcomeError);
    }
    await expectExecutions(fault, now, stage);
  });
});

const settled = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

interface Transaction {
  readonly name: string;
  /** Issues all but `EXEC`, which the returned function issues. */
  readonly begin: (writer: Redis) => Promise<() => Promise<unknown>>;
}

const transactions: readonly Transaction[] = [
  {
    name: 'a transaction',
    begin: (writer) => Promise.resolve(() => fill(writer.multi()).exec()),
  },
  {
    name: 'a transaction issued command by command',
    async begin(writer) {
      await writer.multi({ pipeline: false });
      expect(await issueEach(writer)).toEqual(Array.from(trueReplies, () => 'QUEUED'));
      return () => writer.exec();
    },
  },
];

describe.each(transactions)('$name', ({ begin }) => {
  test.each(faults)('when $name', async (fault) => {
    const stage = await openBehindDoor(group);
    const execute = await begin(stage.writer);
    await fault.prepare(stage);
    const ended = settled(execute());
    const now = await fault.strike(stage);
    if (fault.ends === 'answered') {
      expect(await ended).toEqual(trueReplies.map((reply) => [null, reply]));
    } else {
      expect(await ended).toBeInstanceOf(UnknownOutcomeError);
      expect(await ended).toMatchObject(unknown('exec', stage, fault.generation));
    }
    await expectExecutions(fault, now, stage);
  });
});
