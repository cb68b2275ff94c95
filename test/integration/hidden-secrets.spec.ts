import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getReplicationToken } from '../../lib/nest/tokens.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startApp } from '../support/test-app.js';
import { openReplication } from '../support/open-replication.js';

const PASSWORD = 'the-password-of-the-group';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1, password: PASSWORD });
});

afterAll(() => group.stop());

/** All that lists properties finds, to any depth. */
function listed(value: unknown): string {
  return inspect(value, { depth: 9, maxStringLength: null, maxArrayLength: null });
}

/** As an error reporter does: a value that refers to itself cannot be written. */
function asJson(value: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null) return each;
    if (seen.has(each)) return 'again';
    seen.add(each);
    return each;
  });
}

const redis = { password: PASSWORD, tls: undefined };

function expectHidden(connection: Redis): void {
  for (const value of [connection, connection.options, { nested: { connection } }]) {
    expect(listed(value)).not.toContain(PASSWORD);
    expect(asJson(value)).not.toContain(PASSWORD);
  }
  expect({ ...connection.options }).not.toHaveProperty('password');
}

test('a password is in nothing that a connection lists, before, while and after it is connected', async () => {
  const { writer, reader, replication } = await openReplication(group.endpoints, { redis });
  const issued = Promise.allSettled([writer.auth(PASSWORD), writer.get('key')]);
  for (const each of [writer, reader]) expectHidden(each);
  await issued;
  const duplicate = writer.duplicate();
  expectHidden(duplicate);
  // It logs in all the same.
  expect(await duplicate.set('key', 'value')).toBe('OK');
  expectHidden(duplicate);
  duplicate.disconnect();
  expect(listed(replication)).not.toContain(PASSWORD);
  expect(asJson(replication)).not.toContain(PASSWORD);
  // ioredis and libraries that ask for it by name find it.
  expect(writer.options.password).toBe(PASSWORD);
  expectHidden(writer);
});

test('the password that a runtime AUTH has set is hidden too', async () => {
  const { writer } = await openReplication(group.endpoints, { redis });
  await writer.config('SET', 'requirepass', PASSWORD);
  await writer.auth('default', PASSWORD);
  expect(writer.options.username).toBe('default');
  expectHidden(writer);
});

test('keys and passphrases of TLS are hidden', async () => {
  const tls = { key: 'the-private-key', passphrase: 'the-passphrase' };
  const { writer } = await openReplication(group.endpoints, { redis });
  const duplicate = writer.duplicate({ lazyConnect: true, tls });
  for (const text of [listed(duplicate), asJson(duplicate.options)]) {
    expect(text).not.toContain('the-private-key');
    expect(text).not.toContain('the-passphrase');
  }
  duplicate.disconnect();
});

test('the providers of the module list no password', async () => {
  const app = await startApp(group.endpoints, { redis });
  const replication: unknown = app.context.get(getReplicationToken(), { strict: false });
  for (const value of [replication, app.writer, app.reader, app.topology$, await app.topology()]) {
    expect(listed(value)).not.toContain(PASSWORD);
    expect(asJson(value)).not.toContain(PASSWORD);
  }
});
