import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createCertificates, type Certificates } from '../../lib/testing/servers/certificates.js';
import { rolesOf } from '../support/group-roles.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { knowsOption, needsOptions } from '../support/server-under-test.js';
import type { RedisUser } from '../../lib/testing/servers/redis-server.js';
import { createUser } from '../support/users.js';

const app: RedisUser = {
  name: 'app',
  password: 'app-secret',
  rules: ['~app:*', '&*', '+@all', '-@dangerous'],
};
let tls: Certificates;
let group: ServerGroup;

beforeAll(async () => {
  if (!knowsOption('tls-port')) return;
  tls = await createCertificates();
  group = await startGroup({ tls, password: 'admin-secret' });
});

beforeEach((context) => needsOptions(context, ['--tls-port']));

afterAll(() => group?.stop());

test('over TLS, writer and reader follow a crash', async () => {
  const { writer, reader, whenMaster, notes } = await openReplication(group.endpoints, {
    redis: { password: 'admin-secret', tls: { ca: tls.ca } },
  });
  const { master, heir } = rolesOf(group);
  expect(await writer.set('key', 'first')).toBe('OK');
  await master.kill();
  await promote(heir);
  await whenMaster(heir);
  expect(await writer.set('key', 'second')).toBe('OK');
  expect(await reader.get('key')).toEqual(expect.any(String));
  expect(notes.join('\n')).not.toMatch(/secret/);
  await restoreGroup(group);
});

test('a certificate that is not trusted is named as the reason', async () => {
  const { replication, notes } = createReplication(group.endpoints, {
    redis: { password: 'admin-secret', tls: {} },
    boot: 'required',
    bootTimeoutMs: 2000,
  });
  const failure = await replication.onModuleInit().catch((reason: unknown) => String(reason));
  expect(failure).toMatch(/TLS: TLS handshake failed/);
  expect(`${String(failure)} ${notes.join('\n')}`).not.toMatch(/secret/);
});

test('a wrong password is named as the reason, and is not told', async () => {
  const { replication, notes, writer } = createReplication(group.endpoints, {
    redis: { password: 'wrong-secret', tls: { ca: tls.ca } },
    boot: 'required',
    bootTimeoutMs: 2000,
  });
  const errors: unknown[] = [];
  writer.on('error', (error) => errors.push(error));
  const failure = await replication.onModuleInit().catch((reason: unknown) => String(reason));
  expect(failure).toMatch(/WRONGPASS/);
  expect(`${String(failure)} ${notes.join('\n')} ${JSON.stringify(errors)}`).not.toMatch(/secret/);
});

test('a plain app user, without INFO, ROLE and keys of others, follows a planned swap', async () => {
  await createUser(group.nodes, app);
  const warn = vi.spyOn(console, 'warn');
  onTestFinished(() => restoreGroup(group));
  const { writer, reader, whenMaster, notes } = await openReplication(group.endpoints, {
    redis: { username: app.name, password: app.password, tls: { ca: tls.ca } },
    probeKey: 'app:probe',
  });
  const { heir } = rolesOf(group);
  expect(await writer.set('app:key', 'first')).toBe('OK');
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  expect(await writer.set('app:key', 'second')).toBe('OK');
  expect(await heir.command('GET', 'app:key')).toBe('second');
  expect(await reader.exists('app:other')).toBe(0);
  expect(notes.filter((note) => note.includes('may not run INFO'))).toHaveLength(3);
  expect(warn).not.toHaveBeenCalled();
  expect(notes.filter((note) => note.includes('XREAD'))).toEqual([]);
});

test('a user who may not watch the probe key either is followed by polling, and told so', async () => {
  await createUser(group.nodes, { ...app, rules: [...app.rules, '-xread'] });
  onTestFinished(() => restoreGroup(group));
  const { writer, whenMaster, notes } = await openReplication(group.endpoints, {
    redis: { username: app.name, password: app.password, tls: { ca: tls.ca } },
  });
  const { heir } = rolesOf(group);
  await plannedSwap(group.nodes, heir);
  await whenMaster(heir);
  expect(await writer.set('app:key', 'value')).toBe('OK');
  expect(notes.filter((note) => note.includes('XREAD'))).not.toEqual([]);
});
