import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import dashboard from '../../docs/observability/dashboard.json' with { type: 'json' };
import { promote } from '../../lib/testing/servers/replication.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { until } from '../../lib/testing/servers/until.js';
import { namesIn, readPage, sectionOf } from '../docs/pages.js';
import { rolesOf } from '../support/group-roles.js';
import { startScrapedApp } from '../support/measured-app.js';
import { hasPrometheus, startPrometheus } from '../support/prometheus-server.js';

const patient = { timeoutMs: 30_000 };

const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = [
  ...charts.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ...dashboard.annotations.list.map(({ name, expr }) => ({ title: name, expr })),
];

/** As Grafana replaces variables, with an interval that fits the scrapes of the test. */
const filledIn = (expr: string) =>
  expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '20s').replaceAll('$__range', '1m');

test('each panel has an id and a place of its own, a title and a description', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(places.length);
  expect(charts.length).toBeGreaterThan(15);
  expect(charts.filter(({ title, description = '' }) => title === '' || description === '')).toEqual([]);
  expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
});

test('the dashboard shows every metric of the page, and no other', () => {
  const page = namesIn(sectionOf(readPage('docs/observability.md'), 'Metrics'));
  // It is among the commands that were not applied, too.
  const expected = page.map(underscored).filter((name) => name !== 'db_client_connection_timeouts');
  const used = queries.flatMap(({ expr }) => expr.match(/\b(?:redis_replication|db_client)_\w+/g) ?? []);
  const shown = used.map((name) => name.replace(/_(?:total|bucket)$/, ''));
  expect([...new Set(shown)].toSorted()).toEqual(expected.toSorted());
});

const underscored = (name: string) => name.replaceAll(/[.]/g, '_');

describe.skipIf(!hasPrometheus)('in a real Prometheus', { timeout: 60_000 }, () => {
  let group: ServerGroup;

  beforeAll(async () => {
    group = await startGroup();
  }, 60_000);

  afterAll(() => group.stop());

  test('each expression has data after a failover', async () => {
    const app = await startScrapedApp(group.endpoints, {
      credentials: () => ({ username: 'default', password: 'any' }),
    });
    const prometheus = await startPrometheus({ target: app.url, rules: 'groups: []', intervalMs: 150 });
    const generation = async () =>
      (await prometheus.query('redis_replication_topology_generation'))[0]?.value ?? 0;
    await until('the first master is scraped', async () => (await generation()) === 1, patient);
    const { master, heir } = rolesOf(group);
    await master.kill();
    await until('it is gone', async () => (await app.topology()).kind === 'masterless', patient);
    const written = app.writer.set('key', 'value');
    await promote(heir);
    await written;
    await until('the failover is scraped', async () => (await generation()) === 2, patient);
    const empty = async () => {
      const answers = queries.map(async ({ title, expr }) => {
        const samples = await prometheus.query(filledIn(expr));
        const hasData = samples.some(({ value }) => Number.isFinite(value));
        return hasData ? [] : [`${title}: ${expr}`];
      });
      return (await Promise.all(answers)).flat();
    };
    expect(await prometheus.query('redis_replication_nothing')).toEqual([]);
    await expect(prometheus.query('sum by (')).rejects.toThrow('parse error');
    await until('each has data', async () => (await empty()).length === 0, { ...patient, state: empty });
  });
});
