import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { findPrometheus, promtoolOf } from '../../tools/find-binary.mjs';
import { readPage, rowsOf, sectionOf } from '../docs/pages.js';
import { alertNames, rulesPath } from './alert-rules.js';

/** Values every 15 seconds, in the notation of promtool: `1x3` is 1 four times. */
type Series = Readonly<Record<string, string>>;

const who = 'job="app",instance="app-1",redis_instance="default"';
const node = (kind: string, fault = '') =>
  `redis_replication_nodes{${who},redis_node_kind="${kind}"${fault === '' ? '' : `,error_type="${fault}"`}}`;
const commands = (outcome: string, reason: string) =>
  `redis_replication_commands_total{${who},redis_connection="writer",redis_command_outcome="${outcome}",redis_command_reason="${reason}"}`;
const lag = (name: string) => `${name}{${who},server_address="10.0.0.3",server_port="6379"}`;
const generation = `redis_replication_topology_generation{${who}}`;
const unproven = `redis_replication_unproven{${who}}`;
const utilization = `redis_replication_held_utilization{${who},redis_connection="writer"}`;
const losses = `redis_replication_data_losses_total{${who},redis_data_loss_kind="not_replicated"}`;
const failedConnects = `redis_replication_connects_failed_total{${who},redis_connection="writer",error_type="NOAUTH"}`;

/** A group of three nodes for an hour, in which nothing happens. */
const calm: Series = {
  [node('master')]: '1x240',
  [node('replica')]: '2x240',
  [node('stale')]: '0x240',
  [node('contender')]: '0x240',
  [generation]: '1x240',
  [unproven]: '0x240',
  [utilization]: '0x240',
  [losses]: '0x240',
  [commands('not_applied', 'full')]: '0x240',
  [commands('not_applied', 'timed_out')]: '0x240',
  [commands('unknown', 'reply_lost')]: '0x240',
  [lag('redis_replication_lag_time')]: '0x240',
};

/** Twelve samples are three minutes: in each of them one replica restarts, and is back after 45 seconds. */
const repeated = (cycle: string) => Array.from({ length: 20 }, () => cycle).join(' ');
const restarts: Series = {
  ...calm,
  [node('replica')]: repeated('2 1 1 1 2 2 2 2 2 2 2 2'),
  [node('unusable', 'REFUSED')]: repeated('0 1 1 0 0 0 0 0 0 0 0 0'),
  [node('unusable', 'LOADING')]: repeated('0 0 0 1 0 0 0 0 0 0 0 0'),
  [lag('redis_replication_lag_time')]: repeated('0 0 0 0 4 1 0 0 0 0 0 0'),
  [failedConnects]: repeated('0 1 1 1 1 1 1 1 1 1 1 1'),
};

/** What makes each alert fire: the alert, when it fires first, and the series that differ from calm. */
const causes: readonly (readonly [alert: string, minutes: number, changed: Series])[] = [
  ['RedisNoMaster', 11, { [node('master')]: '1x40 0x200' }],
  ['RedisSplitBrain', 12, { [node('stale')]: '0x40 1x200' }],
  ['RedisSplitBrain', 12, { [node('contender')]: '0x40 1x200' }],
  ['RedisUnprovenMaster', 11, { [unproven]: '0x40 1x200' }],
  ['RedisWritesLost', 11, { [losses]: '0x40 1x200' }],
  ['RedisCommandsRejected', 11, { [commands('not_applied', 'full')]: '0x40 5+1x200' }],
  ['RedisCommandsRejected', 11, { [commands('not_applied', 'timed_out')]: '0x40 5+1x200' }],
  ['RedisFlapping', 12, { [generation]: '1x40 2+1x3 6x200' }],
  ['RedisHoldQueueFilling', 11, { [utilization]: '0x40 0.9x200' }],
  ['RedisFailover', 11, { [generation]: '1x40 2x200' }],
  ['RedisOutcomeUnknown', 11, { [commands('unknown', 'reply_lost')]: '0x40 1x200' }],
  ['RedisReplicaLagging', 12, { [lag('redis_replication_lag_time')]: '0x40 12x200' }],
  ['RedisReplicaLagging', 12, { [lag('redis_replication_lag_time_seconds')]: '0x40 12x200' }],
  ['RedisNodeDown', 16, { [node('unusable', 'TIMEOUT')]: '0x40 1x200' }],
  ['RedisNoReplica', 16, { [node('replica')]: '2x40 0x200' }],
  ['RedisConnectsFail', 12, { [failedConnects]: '0x40 5+5x200' }],
];

describe.skipIf(findPrometheus() === undefined)('promtool', () => {
  const promtool = promtoolOf(findPrometheus() ?? '');

  test('finds no fault in the rules', () => {
    const output = execFileSync(promtool, ['check', 'rules', '--lint-fatal', rulesPath], {
      encoding: 'utf8',
    });
    expect(output).toContain(`SUCCESS: ${alertNames.length} rules found`);
  });

  test('each rule has a cause that makes it fire, and is silent before', async () => {
    const groups = causes.flatMap(([alert, minutes, changed]) => [
      expectFiring({ ...calm, ...changed }, [[`${minutes}m`, [alert]]], [alert]),
      expectFiring({ ...calm, ...changed }, [['9m', []]]),
    ]);
    expect(await testRules(promtool, groups)).toContain('SUCCESS');
    expect(new Set(causes.map(([alert]) => alert))).toEqual(new Set(alertNames));
  });

  test('an hour of calm with twenty restarts of replicas is neither a page nor a ticket', async () => {
    const minutes = Array.from({ length: 60 }, (_none, minute) => [`${minute}m`, []] as const);
    expect(await testRules(promtool, [expectFiring(restarts, minutes)])).toContain('SUCCESS');
  });

  test('the hour is not calm if a master is gone for a minute of it', async () => {
    const lost = { ...restarts, [node('master')]: '1x100 0x4 1x200' };
    const minutes = Array.from({ length: 60 }, (_none, minute) => [`${minute}m`, []] as const);
    expect(await testRules(promtool, [expectFiring(lost, minutes)])).toMatch(/FAILED[^]*RedisNoMaster/);
  });

  test('the start of an app is no failover', async () => {
    const started = { ...calm, [generation]: '_x10 0 1x200', [node('master')]: '_x10 0 1x200' };
    const minutes = Array.from({ length: 10 }, (_none, minute) => [`${minute}m`, []] as const);
    expect(await testRules(promtool, [expectFiring(started, minutes)])).toContain('SUCCESS');
  });
});

type Firing = readonly (readonly [at: string, alerts: readonly string[]])[];

/** A group of tests: which alerts fire at which times. With `only`, others may fire as well. */
function expectFiring(series: Series, firing: Firing, only: readonly string[] = []): object {
  const filter = only.length === 0 ? '' : `,alertname=~"${only.join('|')}"`;
  return {
    interval: '15s',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: firing.map(([at, alerts]) => ({
      expr: `group by (alertname) (ALERTS{alertstate="firing"${filter}})`,
      eval_time: at,
      exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
    })),
  };
}

/** What `promtool test rules` prints. */
async function testRules(promtool: string, tests: readonly object[]): Promise<string> {
  const folder = await makeTemporaryFolder('promtool');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'tests.yml');
  // YAML is a superset of JSON.
  writeFileSync(path, JSON.stringify({ rule_files: [rulesPath], evaluation_interval: '15s', tests }));
  const { stdout, stderr } = spawnSync(promtool, ['test', 'rules', path], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

test('the page says what to do for each alert', () => {
  const named = rowsOf(sectionOf(readPage('docs/observability.md'), 'Alerts')).map(([name]) => name);
  expect(named.slice(1)).toEqual(alertNames);
});
