import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { recordJsonLogs, type JsonLogs } from '../support/json-logs.js';
import { startApp } from '../support/test-app.js';

const PASSWORD = 'the-password-of-the-group';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1, password: PASSWORD });
});

afterAll(() => group.stop());

const redis = { password: PASSWORD };

/** Waits for the record of a code, with this fault if one is named. */
async function recordOf(
  { records }: JsonLogs,
  code: string,
  fault?: string,
): Promise<Record<string, unknown>> {
  const find = () =>
    records().find((each) => each['code'] === code && [undefined, each['fault']].includes(fault));
  await until(`${code} is logged`, () => find() !== undefined);
  return find() ?? {};
}

test('a failover is one JSON object for each event, with what each text says as fields, and no password', async () => {
  const [{ master: old }, heir] = [group, group.replicas[0]];
  if (heir === undefined) throw new Error('A group has a replica');
  const logs = recordJsonLogs();
  const app = await startApp(group.endpoints, { redis });
  Logger.overrideLogger(logs.logger);
  await app.writer.set('key', 'before');
  await old.kill();
  const held = app.writer.set('key', 'after');
  await promote(heir);
  expect(await held).toBe('OK');
  const [down, failover, complete, writer] = [
    await recordOf(logs, 'RR200'),
    await recordOf(logs, 'RR101'),
    await recordOf(logs, 'RR102'),
    await recordOf(logs, 'RR412'),
  ];
  expect(down).toMatchObject({ instance: 'default', node: old.endpoint, fault: 'REFUSED' });
  const moved = { from: old.endpoint, to: heir.endpoint, generation: 2 };
  expect(failover).toMatchObject({ ...moved, failover: moved });
  expect(failover['cause']).toMatch(/^connection/);
  expect(complete).toMatchObject({ to: heir.endpoint, generation: 2, unknown: 0, failover: moved });
  expect(writer).toMatchObject({
    connection: 'writer',
    node: heir.endpoint,
    held: 1,
    unknown: 0,
    rejected: 0,
  });
  for (const record of logs.records()) {
    expect(numbersNotIn(record), String(record['text'])).toEqual([]);
  }
  expect(logs.printed()).not.toContain(PASSWORD);
});

test('a login that is refused names its reason, and no password', async () => {
  const [node] = group.replicas;
  if (node === undefined) throw new Error('A group has a replica');
  const logs = recordJsonLogs();
  await startApp([node.endpoint], { redis, boot: 'background' });
  Logger.overrideLogger(logs.logger);
  await node.command('CONFIG', 'SET', 'requirepass', 'another-secret');
  await node.command('CLIENT', 'KILL', 'TYPE', 'normal');
  const record = await recordOf(logs, 'RR200', 'WRONGPASS');
  expect(record).toMatchObject({ node: node.endpoint });
  expect(record['reason']).toMatch(/^WRONGPASS /);
  expect(logs.printed()).not.toMatch(new RegExp(`${PASSWORD}|another-secret`));
});

/** Numbers in the text that are no fact. */
function numbersNotIn({ text, ...facts }: Record<string, unknown>): readonly string[] {
  const known = JSON.stringify(facts);
  return [...String(text).matchAll(/(?<![\w.])\d+(\.\d+)?(?![\w.])/g)]
    .map(([number]) => number)
    .filter((number) => !known.includes(number));
}
