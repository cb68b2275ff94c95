import { expect, test } from 'vitest';
import type { UnwritableReason } from '../lib/health/judge-health.js';
import { staticNodes } from '../lib/index.js';
import { resolveOptions } from '../lib/nest/resolve-options.js';
import { readPolicies } from '../lib/topology/pick.js';
import packageJson from '../package.json' with { type: 'json' };
import { supportedServers } from '../tools/server-versions.mjs';
import { codeBlocks, findTypeErrors } from './docs/code-blocks.js';
import { namesIn, readPage, rowsOf, sectionOf } from './docs/pages.js';

const readme = readPage('README.md');

test('the quick start is complete as printed', () => {
  const [block] = codeBlocks({ ...readme, text: sectionOf(readme, 'Quick start') });
  expect(block?.printed).toContain('RedisReplicationModule.forRoot(');
  expect(block?.given).toBe('');
});

test('the exception filter is complete as printed', () => {
  const [block] = codeBlocks({ ...readme, text: sectionOf(readme, 'Handling outcome errors') });
  expect(block?.printed).toContain('@Catch(NotAppliedError, UnknownOutcomeError)');
  expect(block?.given).toBe('');
});

test('an error in a block would be found', { timeout: 120_000 }, () => {
  const [block] = codeBlocks(readme);
  const printed = block?.printed.replace('source:', 'sauce:') ?? '';
  expect(findTypeErrors([{ where: 'here', given: '', printed }])).toEqual([
    expect.stringMatching(/^here: .*sauce/s),
  ]);
});

test('the table of options names every option with its default, and no other', () => {
  const {
    name: _name,
    source,
    hold,
    redis,
    unproven,
    credentials,
    tls,
    ...plain
  } = resolveOptions({
    source: staticNodes(['10.0.0.1:6379']),
  });
  expect([typeof source, redis, credentials, tls]).toEqual(['function', {}, undefined, undefined]);
  const options = {
    source: 'required',
    redis: '{}',
    credentials: 'none',
    tls: 'none',
    ...plain,
    'hold.timeoutMs': hold.timeoutMs,
    'hold.maxCommands': hold.maxCommands,
    'unproven.acceptAfterMs': unproven.acceptAfterMs,
    'hold.maxBytes': hold.maxBytes,
  };
  const defaults = Object.entries(options).map(([name, value]) => [name, String(value)] as const);
  const [, ...rows] = rowsOf(sectionOf(readme, 'Options'));
  expect(new Map(rows.map(([name = '', value = '']) => [name, value]))).toEqual(new Map(defaults));
});

test('the table of health reasons names every reason, and no other', () => {
  // The compiler asks for each of them here.
  const reasons: Readonly<Record<UnwritableReason, true>> = {
    NO_MASTER: true,
    SPLIT_BRAIN: true,
    UNPROVEN: true,
    NO_MAJORITY: true,
    READONLY: true,
    MISCONF: true,
    NOREPLICAS: true,
    OOM: true,
    LOADING: true,
    BUSY: true,
    NOPERM: true,
    NOAUTH: true,
    PAUSED: true,
    BLOCKED: true,
    TIMEOUT: true,
    CLOSED: true,
    ERROR: true,
  };
  const named = namesIn(sectionOf(readPage('docs/health.md'), 'The writer: isWritable')).filter(
    (name) => name !== 'reason',
  );
  expect(named.toSorted()).toEqual(Object.keys(reasons).toSorted());
});

test('the table of the reader names every policy, and no other', () => {
  const named = namesIn(sectionOf(readme, 'Writer and reader'));
  expect(named.filter((name) => name !== 'readFrom').toSorted()).toEqual([...readPolicies].toSorted());
});

test('the table of compatibility names the versions that package.json asks for', () => {
  const rows = new Map(rowsOf(sectionOf(readme, 'Compatibility')).map(([name, value = '']) => [name, value]));
  const { engines, peerDependencies: peers } = packageJson;
  const { '@nestjs/common': nest, '@nestjs/core': _core, rxjs, ...others } = peers;
  const ranges = { 'Node.js': engines.node, NestJS: nest, RxJS: rxjs, ...others };
  for (const [name, range] of Object.entries(ranges)) {
    const least = [...range.matchAll(/\d+\.\d+/g)].map(([version]) => version.replace(/\.0$/, ''));
    expect(least, name).not.toEqual([]);
    expect(rows.get(name)?.match(/\d+(\.\d+)?/g), name).toEqual(expect.arrayContaining(least));
  }
});

test('the commands to install name every optional peer, and no other', () => {
  const commands = [
    ...sectionOf(readme, 'Install').matchAll(/^npm install (?:--save-dev )?(\S+) # optional/gm),
  ];
  expect(commands.map(([, name = '']) => name).toSorted()).toEqual(
    Object.keys(packageJson.peerDependenciesMeta).toSorted(),
  );
});

test('the table of compatibility names the servers that are run', () => {
  const rows = new Map(rowsOf(sectionOf(readme, 'Compatibility')).map(([name, value = '']) => [name, value]));
  const named = (rows.get('Servers') ?? '').split(';').flatMap((part) => {
    const [brand] = part.trim().split(' ', 1);
    return [...part.matchAll(/\d+\.\d+/g)].map(([version]) => `${brand} ${version}`);
  });
  expect(named).toEqual(supportedServers);
});
