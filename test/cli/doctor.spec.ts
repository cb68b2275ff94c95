import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { doctor, examine, idsOf, readReport } from '../doctor/examine.js';
import { startCluster } from '../support/cluster-group.js';
import { plannedSwap } from '../../lib/testing/servers/replication.js';
import { startSentinels } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ user: 'app', password: 'top-secret' });
});

afterAll(() => group.stop());

const login = { REDIS_USERNAME: 'app', REDIS_PASSWORD: 'top-secret' };

/** Those that a group of the tests has because it is one of the tests. */
const usual = ['not-persistent', 'min-replicas-off'];

test('the text names nodes, roles, settings, findings and what to run', async () => {
  const { code, out } = await doctor({ args: group.endpoints, environment: login });
  expect(code).toBe(1);
  expect(out).toContain(`group: steady, master ${group.master.endpoint}`);
  for (const { endpoint } of group.replicas) {
    expect(out).toMatch(new RegExp(`^${endpoint} +replica .* ${group.master.endpoint} +up `, 'm'));
  }
  expect(out).toMatch(/^rights on .*: info granted, xread granted/m);
  expect(out).toMatch(/^settings on .*: maxclients \d+, timeout 0, .*repl-backlog-size 1048576/m);
  expect(out).toMatch(
    /^WARNING not-persistent {2}127\.0\.0\.1:\d+\n {2}it keeps nothing on disk.*\n {2}→ Run `CONFIG SET /m,
  );
  expect(out).toMatch(/warnings: 0 errors, 1 warnings, 1 notes$/);
});

test('findings that are ignored change no exit code', async () => {
  const { code, out } = await doctor({
    args: ['--ignore', 'not-persistent,min-replicas-off', ...group.endpoints],
    environment: login,
  });
  expect(code).toBe(0);
  expect(out).toMatch(/fine: 0 errors, 0 warnings, 0 notes$/);
});

test('no output contains the password, whether it is right or wrong', async () => {
  const environments = [login, { ...login, REDIS_PASSWORD: 'wrong-secret' }];
  for (const environment of environments) {
    for (const flags of [[], ['--json']]) {
      const { out, err } = await doctor({ args: [...flags, ...group.endpoints], environment });
      expect(out).toContain(group.master.endpoint);
      expect(`${out}${err}`).not.toMatch(/top-secret|wrong-secret/);
    }
  }
});

test('a line that grants a right names the user only if that cannot break it', async () => {
  const rules = ['on', '>top-secret', '~*', '&*', '+@all', '-xread'];
  await Promise.all(group.nodes.map((node) => node.command('ACL', 'SETUSER', 'app;x', ...rules)));
  onTestFinished(async () => {
    await Promise.all(group.nodes.map((node) => node.command('ACL', 'DELUSER', 'app;x')));
  });
  const environment = { REDIS_USERNAME: 'app;x', REDIS_PASSWORD: 'top-secret' };
  const { findings } = await examine({ args: group.endpoints, environment });
  const remedies = findings.filter(({ id }) => id === 'right-watcher').map(({ remedy }) => remedy);
  expect(remedies).toHaveLength(3);
  expect(remedies[0]).toContain('`ACL SETUSER <user> +xread`');
});

test('the environment names the nodes where the command line does not', async () => {
  const nodes = group.endpoints.join();
  const { source, groups } = await examine({ args: [], environment: { ...login, REDIS_NODES: nodes } });
  expect({ source, groups }).toEqual({
    source: 'static',
    groups: [{ kind: 'steady', master: group.master.endpoint }],
  });
});

test('a URL of the environment is read as by fromUrl', async () => {
  const REDIS_URL = `redis://app:top-secret@${group.endpoints.join()}`;
  const { source, findings, nodes } = await examine({ args: [], environment: { REDIS_URL } });
  expect(source).toBe('static');
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(group.endpoints.toSorted());
  expect(idsOf(findings)).toEqual(usual);
});

test('one seed is enough to find all nodes', async () => {
  const [seed = ''] = group.endpoints;
  const { findings, nodes } = await examine({
    args: ['--source', 'discover', '--allow', '127.0.0.0/8', seed],
    environment: login,
  });
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(group.endpoints.toSorted());
  expect(idsOf(findings)).toEqual(usual);
});

test('a name that follows the master leads to it', async () => {
  const { findings, groups, names } = await examine({
    args: ['--source', 'primary', '--family', '4', `localhost:${group.master.port}`],
    environment: login,
    names: { addresses: async () => ['127.0.0.1'], ttl: async () => 5 },
  });
  expect(groups).toEqual([{ kind: 'steady', master: group.master.endpoint }]);
  expect(names).toMatchObject([{ name: 'localhost', addresses: ['127.0.0.1'], ttl: 5 }]);
  expect(idsOf(findings)).toEqual(['no-replica', 'not-persistent']);
});

test('Sentinels that agree are fine', async () => {
  const sentinels = await startSentinels(group);
  onTestFinished(() => sentinels.stop());
  const { findings, nodes, ...report } = await examine({
    args: ['--source', 'sentinel', '--name', sentinels.name, ...sentinels.endpoints],
    environment: login,
  });
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(group.endpoints.toSorted());
  expect(report.sentinels).toEqual(
    sentinels.endpoints.map((endpoint) => ({
      endpoint,
      kind: 'usable',
      mode: 'normal',
      master: group.master.endpoint,
      known: 3,
      quorum: 'reached',
    })),
  );
  expect(idsOf(findings)).toEqual(usual);
});

test('each shard of a cluster is looked at', async () => {
  const cluster = await startCluster({ shards: 2 });
  onTestFinished(() => cluster.stop());
  await cluster.whenSettled();
  const { findings, groups, nodes } = await examine({
    args: ['--cluster', ...cluster.endpoints.slice(0, 1)],
  });
  expect(groups.map(({ kind, shard }) => ({ kind, shard }))).toEqual([
    { kind: 'steady', shard: 'shard 0-8191' },
    { kind: 'steady', shard: 'shard 8192-16383' },
  ]);
  expect(nodes.map(({ endpoint }) => endpoint).toSorted()).toEqual(cluster.endpoints.toSorted());
  expect(new Set(idsOf(findings))).toEqual(new Set(usual));
});

test('with --watch it tells a failover as it happens, then what it has changed, until it is interrupted', async () => {
  const own = await startGroup();
  onTestFinished(() => own.stop());
  const [heir] = own.replicas;
  if (heir === undefined) throw new Error('there is a replica');
  const lines: string[] = [];
  const interrupted$ = new Subject<void>();
  const ended = doctor({
    args: ['--watch', '--interval-ms', '100', ...own.endpoints],
    interrupted$,
    onLine: (line) => lines.push(line),
  });
  const hasTold = (pattern: RegExp) => () => lines.some((line) => pattern.test(line));
  await until('the report is printed', hasTold(/group: steady/));
  await plannedSwap(own.nodes, heir);
  await until('the failover is told', hasTold(new RegExp(`^\\S+Z failover: .* → ${heir.endpoint} `)));
  await until('a finding has begun', hasTold(new RegExp(`\\+ WARNING not-persistent ${heir.endpoint}: `)));
  await until(
    'a finding is over',
    hasTold(new RegExp(`- WARNING not-persistent ${own.master.endpoint}: over`)),
  );
  interrupted$.next();
  expect((await ended).code).toBe(1);
});

test('with --watch and --json each report is one line', async () => {
  const interrupted$ = new Subject<void>();
  const lines: string[] = [];
  const ended = doctor({
    args: ['--watch', '--json', '--interval-ms', '100', ...group.endpoints],
    environment: login,
    interrupted$,
    onLine: (line) => lines.push(line),
  });
  await until('there are two', () => lines.length >= 2);
  interrupted$.next();
  await ended;
  expect(lines.map((line) => readReport(line).groups)).toEqual(
    lines.map(() => [{ kind: 'steady', master: group.master.endpoint }]),
  );
});
