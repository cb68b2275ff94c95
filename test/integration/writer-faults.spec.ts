import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createCertificates } from '../../lib/testing/servers/certificates.js';
import { startFakeNode } from '../support/fake-node.js';
import { bulk, error } from '../support/resp.js';
import { containing } from '../support/matchers.js';
import { useCertificates } from '../support/server-certificates.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsServer } from '../support/server-under-test.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup | undefined;

beforeEach(() => {
  group = undefined;
});

afterEach(() => group?.stop());

const writerLines = ({ logs }: TestApp) =>
  logs.of().flatMap(({ level, text }) => (text.startsWith('writer: ') ? [`${level} ${text}`] : []));

const failureOf = (command: Promise<unknown>) => command.catch((reason: unknown) => reason);

/** The log, health and the errors of commands say the same, and the end is told. */
async function expectTold(app: TestApp, node: string, words: RegExp) {
  const isTold = () => writerLines(app).some((line) => line.startsWith(`warn writer: cannot use ${node}: `));
  await until('the log says why', isTold, { state: () => app.logs.of() });
  const [line = ''] = writerLines(app).filter((each) => each.includes('cannot use'));
  const reason = line.replace('warn writer: ', '');
  expect(reason).toMatch(words);
  expect(await failureOf(app.writer.set('key', 'value'))).toMatchObject({
    code: 'NOT_APPLIED',
    reason: containing(reason),
  });
  const { redis } = await app.health.isWritable('redis');
  expect(redis).toMatchObject({ status: 'down', reason: 'ERROR', master: node, message: reason });
  return {
    async endsWith(end: () => Promise<unknown>) {
      await end();
      await until('the end is told', () => writerLines(app).includes(`log writer: connected to ${node}`));
      expect(await app.writer.set('key', 'value')).toBe('OK');
      expect(writerLines(app).filter((each) => each.startsWith('warn writer: cannot use'))).toEqual([line]);
    },
  };
}

const options = { hold: { timeoutMs: 300 }, readFrom: 'replica' } as const;

test('a certificate that was exchanged on a running server is named as why the writer cannot connect', async (context) => {
  needsServer(context, ['Redis 7.0', 'CONFIG SET with several parameters']);
  const [old, fresh] = [await createCertificates(), await createCertificates()];
  const servers = await startGroup({ tls: old, replicas: 0 });
  group = servers;
  const { master } = servers;
  const app = await startApp(servers.endpoints, { ...options, redis: { tls: { ca: old.ca } } });
  await useCertificates(master, { cert: fresh.cert, key: fresh.key });
  app.writer.stream.destroy();
  const told = await expectTold(app, master.endpoint, /: TLS handshake failed: .*certificate/);
  await told.endsWith(() => useCertificates(master, { cert: old.cert, key: old.key }));
});

test('a password that was changed on a running server is named as why the writer cannot connect', async () => {
  const servers = await startGroup({ replicas: 0, password: 'old-secret' });
  group = servers;
  const { master } = servers;
  const app = await startApp(servers.endpoints, { ...options, redis: { password: 'old-secret' } });
  await master.command('CONFIG', 'SET', 'requirepass', 'new-secret');
  app.writer.stream.destroy();
  const told = await expectTold(app, master.endpoint, /: WRONGPASS /);
  await told.endsWith(() => master.command('CONFIG', 'SET', 'requirepass', 'old-secret'));
});

test('a server that takes no more clients is named as why the writer cannot connect', async () => {
  const servers = await startGroup({ replicas: 0 });
  group = servers;
  const { master } = servers;
  const app = await startApp(servers.endpoints, options);
  // The connections that are open stay, among them those of the observers.
  await master.command('CONFIG', 'SET', 'maxclients', 1);
  app.writer.stream.destroy();
  const told = await expectTold(app, master.endpoint, /: ERR max number of clients reached/);
  await told.endsWith(() => master.command('CONFIG', 'SET', 'maxclients', 100));
});

test('a server with another role than the observed one is named as why the writer cannot connect', async () => {
  let isDemoted = false;
  const node = await startFakeNode({
    onCommand: (argv) => (argv[0] === 'info' && isDemoted ? bulk('role:slave\r\nloading:0\r\n') : undefined),
  });
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], options);
  isDemoted = true;
  node.dropConnections();
  const told = await expectTold(app, node.endpoint, /does not have the observed role or run id$/);
  await told.endsWith(async () => (isDemoted = false));
});

test('a handshake that ends without a word is named as why the writer cannot connect', async () => {
  let isBroken = false;
  const node = await startFakeNode({
    onCommand: ([name, word]) =>
      isBroken && `${name} ${word}`.toUpperCase() === 'CLIENT SETINFO' ? 'drop' : undefined,
  });
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], options);
  isBroken = true;
  node.dropConnections();
  const told = await expectTold(app, node.endpoint, /the connection was closed during the handshake$/);
  await told.endsWith(async () => (isBroken = false));
});

test('one failed attempt is not told, because the node may just have failed', async () => {
  let refusals = 0;
  const node = await startFakeNode({
    onCommand: ([name]) => (name === 'info' && refusals-- > 0 ? error('ERR no') : undefined),
  });
  onTestFinished(() => node.stop());
  const app = await startApp([node.endpoint], options);
  refusals = 1;
  node.dropConnections();
  await until('it was refused', () => refusals <= 0);
  expect(await app.writer.set('key', 'value')).toBe('OK');
  expect(writerLines(app).filter((line) => line.includes('cannot use'))).toEqual([]);
});
