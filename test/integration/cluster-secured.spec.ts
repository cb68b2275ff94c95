import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Cluster } from 'ioredis';
import { UnknownOutcomeError, type Credentials } from 'nestjs-redis-replication';
import { BehaviorSubject } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { createAuthority, type Certificates } from '../../lib/testing/servers/certificates.js';
import { until } from '../../lib/testing/servers/until.js';
import { handOver, startCluster } from '../support/cluster-group.js';
import { openCluster } from '../support/open-cluster.js';
import { useCertificates } from '../support/server-certificates.js';
import { needsOptions, needsServer } from '../support/server-under-test.js';
import { writeTlsFiles } from '../support/tls-files.js';
import { createUser } from '../support/users.js';

/** A key on each shard of a cluster with three. */
const keys = ['{b}', '{a}', '{c}'] as const;
const [key] = keys;

/** Increments a counter on each shard without pause; what a failover may do to a command is no failure. */
function startLoad(writer: Cluster) {
  const failures: string[] = [];
  const load = { on: true };
  onTestFinished(() => void (load.on = false));
  const loops = keys.map(async (each) => {
    while (load.on) {
      await writer.incr(each).catch((error: unknown) => {
        if (!(error instanceof UnknownOutcomeError)) failures.push(String(error));
      });
    }
  });
  return {
    failures,
    async stop() {
      load.on = false;
      await Promise.all(loops);
    },
  };
}

test('a password that is exchanged again and again in a cluster, with failovers in between, is refused to nobody', async () => {
  const group = await startCluster();
  onTestFinished(() => group.stop());
  const changeUser = (...changes: readonly string[]) =>
    Promise.all(group.nodes.map((node) => node.command('ACL', 'SETUSER', 'app', ...changes)));
  await createUser(group.nodes, { name: 'app', password: 'secret-0', rules: ['~*', '&*', '+@all'] });
  const credentials = new BehaviorSubject<Credentials>({ username: 'app', password: 'secret-0' });
  const { writer, reader, whenMaster, notes } = await openCluster(group.endpoints.slice(0, 2), {
    credentials,
  });
  const messages: string[] = [];
  reader.on('message', (_channel: string, message: string) => messages.push(message));
  await reader.subscribe('news');
  const load = startLoad(writer);
  for (let round = 1; round <= 8; round += 1) {
    await changeUser(`>secret-${round}`);
    credentials.next({ username: 'app', password: `secret-${round}` });
    await changeUser(`<secret-${round - 1}`);
    if (round % 4 === 0) {
      const master = await group.masterOf(key);
      const [heir] = await group.replicasOf(master);
      await handOver(heir);
      await whenMaster(key, { endpoint: heir?.endpoint ?? '' });
      await group.whenSettled();
    }
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  await Promise.all(group.nodes.map((node) => node.command('CLIENT', 'KILL', 'USER', 'app')));
  await until('subscriptions are restored with the last password', async () => {
    await writer.publish('news', 'there').catch(() => undefined);
    return messages.length > 0;
  });
  expect(Number(await reader.get(key))).toBeGreaterThan(10);
  expect(notes.filter((note) => /WRONGPASS|NOAUTH|secret/.test(note))).toEqual([]);
}, 60_000);

/** Whether the connections to all shards lead to servers that have shown this certificate. */
function haveSeen(cluster: Cluster, { cert }: Certificates): boolean {
  const { fingerprint256 } = new X509Certificate(cert);
  return cluster
    .nodes('master')
    .every(
      ({ stream }) =>
        stream instanceof TLSSocket && stream.getPeerCertificate().fingerprint256 === fingerprint256,
    );
}

test('a cluster with TLS is followed through a failover with certificates that were exchanged before', async (context) => {
  needsOptions(context, ['--tls-port']);
  needsServer(context, ['Redis 7.0', 'CONFIG SET with several parameters']);
  const [old, fresh] = [await createAuthority('Old authority'), await createAuthority('Fresh authority')];
  const first = await old.issue(['localhost', '127.0.0.1']);
  const next = await fresh.issue(['localhost', '127.0.0.1']);
  const both = `${first.ca}\n${next.ca}`;
  const group = await startCluster({ tls: first });
  onTestFinished(() => group.stop());
  const files = await writeTlsFiles(await old.issue(['client']));
  onTestFinished(() => files.remove());
  const { writer, whenMaster, notes } = await openCluster(group.endpoints.slice(0, 2), { tls: files.read });
  expect(await Promise.all(keys.map((each) => writer.set(each, 1)))).toEqual(['OK', 'OK', 'OK']);
  expect(haveSeen(writer, first)).toBe(true);
  await Promise.all(group.nodes.map((node) => useCertificates(node, { ca: both })));
  await files.change({ ca: next.ca });
  await Promise.all(group.nodes.map((node) => useCertificates(node, { cert: next.cert, key: next.key })));
  await Promise.all(group.nodes.map((node) => node.command('CLIENT', 'KILL', 'TYPE', 'normal')));
  const master = await group.masterOf(key);
  const [heir] = await group.replicasOf(master);
  await heir?.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
  await whenMaster(key, { endpoint: heir?.endpoint ?? '' });
  await until('all shards are written to', async () => {
    await Promise.all(keys.map((each) => writer.incr(each).catch(() => undefined)));
    return haveSeen(writer, next);
  });
  expect(Number(await heir?.command('GET', key))).toBeGreaterThan(1);
  expect(notes.filter((note) => note.startsWith('tls: '))).toEqual([]);
}, 60_000);
