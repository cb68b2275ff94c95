import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Redis } from 'ioredis';
import { discoverNodes, primaryEndpoint, sentinelNodes, type NodeSource } from 'nestjs-redis-replication';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { masterOf } from '../../lib/topology/topology.js';
import { createAuthority, type Certificates } from '../../lib/testing/servers/certificates.js';
import { rolesOf } from '../support/group-roles.js';
import { createReplication, openReplication } from '../support/open-replication.js';
import { failoverTo, follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { useCertificates } from '../support/server-certificates.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { startSentinels } from '../../lib/testing/servers/sentinel-group.js';
import { needsOptions, needsServer } from '../support/server-under-test.js';
import { writeTlsFiles } from '../support/tls-files.js';
import { until } from '../../lib/testing/servers/until.js';
import { emitted } from '../support/emitted.js';

beforeEach((context) => {
  needsOptions(context, ['--tls-port']);
  needsServer(context, ['Redis 7.0', 'CONFIG SET with several parameters']);
});

const addresses = ['localhost', '127.0.0.1'];

/** Certificates of two authorities that do not know each other: the old one, and the one that takes its place. */
async function createTwo() {
  const [old, fresh] = [await createAuthority('Old authority'), await createAuthority('Fresh authority')];
  return {
    server: { old: await old.issue(addresses), fresh: await fresh.issue(addresses) },
    client: { old: await old.issue(['client']), fresh: await fresh.issue(['client']) },
  };
}

async function start(tls: Certificates, more: { readonly replicas?: number } = {}): Promise<ServerGroup> {
  const group = await startGroup({ tls, ...more });
  onTestFinished(() => group.stop());
  return group;
}

/** From now on, a server refuses whoever has no certificate of an authority that it trusts. */
async function requireClients(group: ServerGroup): Promise<void> {
  await Promise.all(group.nodes.map((node) => node.command('CONFIG', 'SET', 'tls-auth-clients', 'yes')));
}

/** Whether the connection leads to a server that has shown this certificate. */
function hasSeen(redis: Redis, { cert }: Certificates): boolean {
  const { stream } = redis;
  return (
    stream instanceof TLSSocket &&
    stream.getPeerCertificate().fingerprint256 === new X509Certificate(cert).fingerprint256
  );
}

test('certificates and authority that are exchanged on disk, with failovers in between, fail no command', async () => {
  const { server, client } = await createTwo();
  const group = await start(server.old);
  await requireClients(group);
  const files = await writeTlsFiles(client.old);
  onTestFinished(() => files.remove());
  const { writer, reader, whenMaster, whenTopology, notes } = await openReplication(group.endpoints, {
    tls: files.read,
  });
  const duplicate = writer.duplicate();
  onTestFinished(() => duplicate.disconnect());
  const failures: string[] = [];
  const load = { on: true };
  onTestFinished(() => void (load.on = false));
  const commands = [() => writer.incr('count'), () => duplicate.incr('other'), () => reader.get('count')];
  const loops = commands.map(async (issue) => {
    while (load.on) await issue().catch((error: unknown) => failures.push(String(error)));
  });
  const everywhere = (change: Partial<Certificates>) =>
    Promise.all(group.nodes.map((node) => useCertificates(node, change)));
  let { master: from, heir: to, other } = rolesOf(group);
  const moveOn = async () => {
    await failoverTo(from, to);
    await follow(other, to);
    await whenMaster(to);
    await whenInSync(to, [from, other]);
    [from, to, other] = [to, other, from];
  };
  const both = `${server.old.ca}\n${server.fresh.ca}`;
  await everywhere({ ca: both });
  await files.change({ ca: both });
  await moveOn();
  await everywhere({ cert: server.fresh.cert, key: server.fresh.key });
  await files.change({ cert: client.fresh.cert, key: client.fresh.key });
  await moveOn();
  await everywhere({ ca: server.fresh.ca });
  await files.change({ ca: server.fresh.ca });
  await moveOn();
  load.on = false;
  await Promise.all(loops);
  expect(failures).toEqual([]);
  // With everything exchanged, all connections are made anew, and the master dies.
  const closed = [emitted(writer, 'close'), emitted(duplicate, 'close'), emitted(reader, 'close')];
  await Promise.all(group.nodes.map((node) => node.command('CLIENT', 'KILL', 'TYPE', 'normal')));
  await Promise.all(closed);
  expect(await writer.set('key', 'first')).toBe('OK');
  await whenInSync(from, [to, other]);
  await from.kill();
  await promote(to);
  await whenMaster(to);
  expect(await writer.set('key', 'second')).toBe('OK');
  expect(await duplicate.get('key')).toBe('second');
  expect(await reader.get('count')).not.toBeNull();
  expect([writer, duplicate, reader].map((each) => hasSeen(each, server.fresh))).toEqual([true, true, true]);
  await whenTopology(
    ({ kind, nodes }) => kind === 'steady' && nodes.filter((node) => node.reachable).length === 2,
  );
  expect(files.reads).toBeGreaterThan(3);
  expect(notes.filter((note) => /tls|certificate/i.test(note))).toEqual([]);
}, 60_000);

test('an app that cannot read its certificates is told so, and connects as soon as it can', async () => {
  const { server } = await createTwo();
  const group = await start(server.old);
  const state = { isThere: false };
  const tls = () => {
    if (!state.isThere) throw new Error('ENOENT: no such file or directory, open ca.pem');
    return { ca: server.old.ca };
  };
  const { replication, writer, notes } = createReplication(group.endpoints, { tls });
  await replication.onModuleInit();
  const reason = 'the app gave no TLS options: ENOENT: no such file or directory, open ca.pem';
  await until('the nodes are told', () =>
    notes.some((note) => note.includes(`${group.master.endpoint} cannot be used: TLS, ${reason}`)),
  );
  expect(notes.filter((note) => note.startsWith('tls: '))).toEqual([
    `tls: ${reason}; what it gave before stays in use`,
  ]);
  state.isThere = true;
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(notes).toContain('tls: the app gives TLS options again');
});

test('files of which only one half is exchanged leave the ones before in use', async () => {
  const { server, client } = await createTwo();
  const group = await start(server.old);
  await requireClients(group);
  const files = await writeTlsFiles(client.old);
  onTestFinished(() => files.remove());
  const { writer, notes } = await openReplication(group.endpoints, { tls: files.read });
  await files.change({ key: client.fresh.key });
  const closed = emitted(writer, 'close');
  await group.master.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await closed;
  expect(await writer.set('key', 'value')).toBe('OK');
  expect(notes.filter((note) => note.startsWith('tls: '))).toEqual([
    expect.stringMatching(
      /^tls: the app gave no TLS options: .*mismatch.*; what it gave before stays in use$/i,
    ),
  ]);
});

describe('a certificate for a name', () => {
  const sources: readonly (readonly [string, (group: ServerGroup) => NodeSource])[] = [
    [
      'behind DNS',
      ({ master, replicas: [replica] }) =>
        primaryEndpoint(`rediss://localhost:${master.port}`, {
          reader: `rediss://localhost:${replica?.port}`,
          lookup: () => Promise.resolve([{ address: '127.0.0.1' }]),
        }),
    ],
    ['that was discovered', ({ master }) => discoverNodes([`rediss://localhost:${master.port}`])],
  ];

  test.each(sources)('verifies the address of a node %s', async (_how, sourceOf) => {
    const { server } = await createTwo();
    const group = await start(server.old, { replicas: 1 });
    const [heir] = group.replicas;
    const named = await createAuthority();
    const certificate = await named.issue(['localhost']);
    // After the test has connected by address.
    await Promise.all(group.nodes.map((node) => useCertificates(node, certificate)));
    const source = sourceOf(group);
    const { writer, whenTopology } = await openReplication(source, { tls: () => ({ ca: certificate.ca }) });
    const { nodes } = await whenTopology(
      (topology) => topology.nodes.every((node) => node.reachable) && topology.nodes.length === 2,
    );
    expect(nodes.map(({ endpoint }) => endpoint)).toContain(`127.0.0.1:${heir?.port}`);
    await heir?.command('REPLICAOF', 'NO', 'ONE');
    await group.master.command('REPLICAOF', '127.0.0.1', heir?.port ?? 0);
    await whenTopology((topology) => masterOf(topology) === `127.0.0.1:${heir?.port}`);
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(hasSeen(writer, certificate)).toBe(true);
  });
});

test('certificates of Sentinels are exchanged apart from those of the nodes', async () => {
  const { server, client } = await createTwo();
  const group = await start(server.old, { replicas: 1 });
  const sentinels = await startSentinels(group);
  onTestFinished(() => sentinels.stop());
  const [files, theirs] = [await writeTlsFiles(client.old), await writeTlsFiles(server.fresh)];
  onTestFinished(() => Promise.all([files.remove(), theirs.remove()]).then(() => undefined));
  const source = sentinelNodes({ name: 'main', sentinels: sentinels.endpoints, tls: files.read });
  const { writer, notes } = await openReplication(source, { redis: { tls: { ca: server.old.ca } } });
  const [first] = sentinels.sentinels;
  if (first === undefined) throw new Error('There are three Sentinels');
  await first.restart(['--tls-cert-file', theirs.pathOf('cert'), '--tls-key-file', theirs.pathOf('key')]);
  const isTold = (words: RegExp) => notes.some((note) => note.includes(first.endpoint) && words.test(note));
  await until('its end is told', () => isTold(/cannot be used/));
  const before = files.reads;
  await until('it was dialled again, twice', () => files.reads >= before + 2);
  expect(isTold(/is used again$/)).toBe(false);
  await files.change({ ca: `${server.old.ca}\n${server.fresh.ca}` });
  await until('it is used again', () => isTold(/is used again$/));
  expect(await writer.set('key', 'value')).toBe('OK');
});
