import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ownedOptions } from '../../lib/connections/ioredis/redis-options.js';
import type { NodeFault } from '../../lib/topology/observation.js';
import type { SignalKind } from '../../lib/topology/signal.js';
import type { TopologyKind, TopologyNode } from '../../lib/topology/topology.js';
import { bootCases } from '../topology/boot-phases.js';
import { failoverCases } from '../topology/failover-phases.js';
import { restartCases } from '../topology/restart-phases.js';
import { staleCases } from '../topology/stale-phases.js';
import { repeatedRunIdCases, untrustedCases } from '../topology/untrusted-phases.js';
import { codeBlocks } from './code-blocks.js';
import { namesIn, readPage, root, rowsOf, sectionOf } from './pages.js';

const recipes = readPage('docs/recipes.md');
const rules = readPage('docs/who-is-master.md');

/** The compiler asks for every member of the union, and for no other. */
function membersOf<T extends string>(members: Readonly<Record<T, true>>): readonly string[] {
  return Object.keys(members).toSorted();
}

/** What the tables of a section name, table by table, less their heads. */
function tablesIn(section: string): readonly (readonly string[])[] {
  return section
    .split(/\n\n+/)
    .map((paragraph) => rowsOf(paragraph).slice(1))
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.map(([name = '']) => name).toSorted());
}

test('the options that are refused are those that the library owns', () => {
  const section = sectionOf(readPage('docs/migration.md'), 'Options that are refused');
  const named = namesIn(section).filter((name) => name !== 'redis');
  expect(named.toSorted()).toEqual(Object.keys(ownedOptions).toSorted());
});

test('every fault and every cause is explained', () => {
  const faults = membersOf<NodeFault>({
    REFUSED: true,
    NOT_FOUND: true,
    UNREACHABLE: true,
    TIMEOUT: true,
    PAUSED: true,
    CLOSED: true,
    TLS: true,
    NOAUTH: true,
    WRONGPASS: true,
    NOPERM: true,
    MAXCLIENTS: true,
    LOADING: true,
    SENTINEL: true,
    CLUSTER: true,
    CLUSTERDOWN: true,
    ERROR: true,
  });
  const causes = membersOf<SignalKind>({
    start: true,
    poll: true,
    'connection closed': true,
    'connection failed': true,
    'write refused': true,
    'wrong role': true,
    unblocked: true,
    'reply timed out': true,
    announced: true,
    'source event': true,
    maintenance: true,
    requested: true,
  });
  expect(tablesIn(sectionOf(recipes, 'Faults and causes'))).toEqual([faults, causes]);
});

test('every kind of topology and of node is explained', () => {
  const topologies = membersOf<TopologyKind>({
    unknown: true,
    steady: true,
    masterless: true,
    contested: true,
  });
  const nodes = membersOf<TopologyNode['kind']>({
    master: true,
    replica: true,
    stale: true,
    contender: true,
    unusable: true,
    pending: true,
  });
  expect(tablesIn(sectionOf(recipes, 'Watching the topology'))).toEqual([topologies, nodes]);
});

test('the variables of the sample app are those that it reads', () => {
  const folder = `${root}sample-app/config`;
  const sources = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
  const read = sources.flatMap(
    (source) => source.match(/\b(?:REDIS_[A-Z_]+|PORT|HOST|PAGE_PASSWORD)\b/g) ?? [],
  );
  const section = sectionOf(readPage('docs/sample-app.md'), 'Run it on your own servers');
  expect(tablesIn(section)).toEqual([[...new Set(read)].toSorted()]);
});

test('the rules of who is master are numbered without a gap, and name functions that exist', () => {
  const headings = [...rules.text.matchAll(/^### (M\d+): (.+)$/gm)].map(([, rule, title]) => [rule, title]);
  expect(headings.map(([rule]) => rule)).toEqual(headings.map((_, index) => `M${index + 1}`));
  const rows = rowsOf(sectionOf(rules, 'Where the rules are')).slice(1);
  expect(rows.map(([rule, title]) => [rule, title])).toEqual(headings);
  const missing = rows.filter(([, , functions = '', file = '']) => {
    const code = readFileSync(root + file, 'utf8');
    return !functions.split(', ').every((name) => code.includes(`function ${name}(`));
  });
  expect(missing).toEqual([]);
});

/** Names of tests in a file that begin with the rules that they show. */
function citingNames(file: string): readonly string[] {
  const code = readFileSync(root + file, 'utf8');
  return [...code.matchAll(/\b(?:test|describe)(?:\.each\([^`]*?\]\))?\(\s*['`](M\d+.*?)['`],/gs)].map(
    ([, name = '']) => name,
  );
}

const phases = [
  ...failoverCases,
  ...staleCases,
  ...restartCases,
  ...bootCases,
  ...untrustedCases,
  ...repeatedRunIdCases,
].map(({ name }) => name);
const settling = ['settling', 'pick'].flatMap((file) => citingNames(`test/topology/${file}.spec.ts`));
const allRules = [...rules.text.matchAll(/^### (M\d+): /gm)].map(([, rule = '']) => rule);
const rulesIn = (text: string): readonly string[] => text.match(/\bM\d+\b/g) ?? [];

test('the name of each phase test begins with the rules that it shows', () => {
  expect(phases.length).toBeGreaterThan(40);
  expect(phases.filter((name) => !/^M\d+(, M\d+)*: [^:]/.test(name))).toEqual([]);
  expect(phases.flatMap(rulesIn).filter((rule) => !allRules.includes(rule))).toEqual([]);
});

test('each rule is shown by a test', () => {
  const shown = new Set([...phases, ...settling].flatMap(rulesIn));
  expect(allRules.filter((rule) => !shown.has(rule))).toEqual([]);
});

test('each rule is cited by the functions that the page names', () => {
  const missing = rowsOf(sectionOf(rules, 'Where the rules are'))
    .slice(1)
    .flatMap(([rule = '', , functions = '', file = '']) =>
      functions
        .split(', ')
        .filter((name) => !rulesIn(functionIn(readFileSync(root + file, 'utf8'), name)).includes(rule))
        .map((name) => `${rule} ${name}`),
    );
  expect(missing).toEqual([]);
});

/** A function with the comment above it. */
function functionIn(code: string, name: string): string {
  const at = code.indexOf(`function ${name}(`);
  return code.slice(code.lastIndexOf('\n}\n', at) + 3, code.indexOf('\n}\n', at));
}

test('nothing that history leaves open asks for a restart of the app', () => {
  const rows = rowsOf(sectionOf(readPage('docs/guarantees.md'), 'When history cannot tell')).slice(1);
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((cells) => /restart/i.test(cells.join(' ')))).toEqual([]);
});

test('every rule that a page cites exists', () => {
  const pages = ['README.md', 'docs/guarantees.md', 'docs/who-is-master.md'].map(readPage);
  const cited = new Set(pages.flatMap(({ text }) => text.match(/\bM\d+\b/g) ?? []));
  expect([...cited].filter((rule) => !rules.text.includes(`\n### ${rule}: `))).toEqual([]);
});

test('the table of deployments has a row for each, with a source, permissions and what a failover is like', () => {
  const { text } = readPage('docs/deployments.md');
  const [[, ...heads] = [], ...rows] = rowsOf(text.slice(0, text.indexOf('\n## ')));
  expect(heads).toEqual(['source', 'permissions', 'at a failover']);
  expect(rows.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([]);
  const services = [
    ['your own servers, failover by scripts', 'staticNodes'],
    ['Sentinel', 'sentinelNodes'],
    ['Kubernetes', 'primaryEndpoint'],
    ['your own Redis Cluster', 'cluster'],
    ['ElastiCache, cluster mode off', 'elastiCacheNodes'],
    ['ElastiCache, cluster mode on', 'cluster'],
    ['ElastiCache Serverless', 'cluster'],
    ['MemoryDB', 'cluster'],
    ['Memorystore for Redis', 'primaryEndpoint'],
    ['Memorystore for Valkey', 'cluster'],
    ['Azure Managed Redis', 'staticNodes'],
    ['Redis Cloud', 'staticNodes'],
  ];
  const missing = services.filter(
    ([service = '', source = '']) =>
      !rows.some(([name = '', from = '']) => name.startsWith(service) && from.includes(source)),
  );
  expect(missing).toEqual([]);
});

test.each([
  '1. Replace the connections',
  'From @songkeys/nestjs-redis',
  'From @nestjs-modules/ioredis',
  'From @nestjs-redis/kit',
])('the section "%s" of the migration has a module that compiles', (heading) => {
  const page = readPage('docs/migration.md');
  const printed = codeBlocks({ ...page, text: sectionOf(page, heading) }).map((block) => block.printed);
  expect(printed.filter((code) => /RedisReplicationModule\.forRoot(Async)?\(/.test(code))).not.toEqual([]);
});
