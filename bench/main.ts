import { startGroup } from '../lib/testing/servers/server-group.js';
import { readArguments, type BenchOptions } from './arguments.js';
import { measureCluster, type ClusterResult } from './measure/cluster.js';
import { measureCredentials, type CredentialsResult } from './measure/credentials.js';
import { measureFleet, type FleetResult } from './measure/fleet.js';
import { measureFleetAttacks, type FleetAttacksResult } from './measure/fleet-attacks.js';
import { measureIdle, type IdleResult } from './measure/idle.js';
import { measureReads, type ReadsResult } from './measure/reads.js';
import { measureRecovery, type RecoveryResult } from './measure/recovery.js';
import { measureSteadyState, type SteadyResult } from './measure/steady-state.js';
import { drawRecovery } from './report/chart.js';
import { describeEnvironment, printEnvironment } from './report/environment.js';
import { judgeGoals } from './report/goals.js';
import { collectNoise, printNoise } from './report/noise.js';
import { printCluster } from './report/print-cluster.js';
import { printCredentials } from './report/print-credentials.js';
import { printLegend, printReads, printRecovery } from './report/print-failovers.js';
import { printFleet } from './report/print-fleet.js';
import { printFleetAttacks } from './report/print-fleet-attacks.js';
import { printGoals } from './report/print-goals.js';
import { printIdle, printSteadyState } from './report/print-steady.js';
import { openResults, type ResultsFolder } from './report/results.js';
import { scenarios } from './scenarios/all.js';
import { attacks } from './scenarios/attacks.js';
import { clusterScenarios } from './scenarios/cluster.js';
import { renewedCredentials } from './scenarios/credentials.js';
import { readScenarios } from './scenarios/reads.js';
import { steadyScenarios } from './scenarios/steady.js';

async function main(options: BenchOptions): Promise<void> {
  const startedAt = performance.now();
  const noise = collectNoise();
  const environment = await describeEnvironment(options.rounds);
  printEnvironment(environment);
  const save = openResults(options.isWhole, environment);
  // First, so that nothing that clients leave behind in this process slows it down.
  const steady = await benchSteadyState(options, save);
  const idle = await benchIdle(options, save);
  const credentials = await benchCredentials(options, save);
  const fleet = await benchFleet(options, save);
  const fleetAttacks = await benchFleetAttacks(options, save);
  const cluster = await benchCluster(options, save);
  const recovery = await benchRecovery(options, save);
  await benchReads(options, save);
  const goals = judgeGoals({ recovery, steady, idle, fleet, attacks: fleetAttacks, cluster, credentials });
  printGoals(goals);
  printNoise(noise);
  save.json('goals', goals);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`\n${seconds} s; written to ${save.folder}`);
}

/** Pairs differ by a few percent and take little time, so each round plays more than one. */
const pairsPerRound = 2;

async function benchSteadyState(
  { only, rounds, batchMs }: BenchOptions,
  save: ResultsFolder,
): Promise<readonly SteadyResult[]> {
  const chosen = steadyScenarios.filter(({ name }) => only.test(`steady state, ${name}`));
  if (chosen.length === 0) return [];
  const group = await startGroup();
  const results = [];
  for (const scenario of chosen) {
    results.push(...(await measureSteadyState(scenario, group, { rounds: pairsPerRound * rounds, batchMs })));
  }
  await group.stop();
  printSteadyState(results);
  save.json('steady-state', results);
  return results;
}

async function benchIdle(
  { only, idleSeconds, instances }: BenchOptions,
  save: ResultsFolder,
): Promise<IdleResult | undefined> {
  if (!only.test('idle')) return undefined;
  const idle = await measureIdle({ seconds: idleSeconds, instances });
  printIdle(idle);
  save.json('idle', idle);
  return idle;
}

/** Beyond these, nothing new is learnt. */
const maxRenewals = 10;

async function benchCredentials(
  { only, rounds, connections }: BenchOptions,
  save: ResultsFolder,
): Promise<CredentialsResult | undefined> {
  if (!only.test(renewedCredentials.name)) return undefined;
  const scenario = { ...renewedCredentials, connections };
  const result = await measureCredentials(scenario, Math.min(rounds, maxRenewals));
  printCredentials(result);
  save.json('credentials', result);
  return result;
}

async function benchFleet(
  { only, rounds, fleet }: BenchOptions,
  save: ResultsFolder,
): Promise<FleetResult | undefined> {
  if (!only.test('fleet')) return undefined;
  const result = await measureFleet(fleet, rounds);
  printFleet(result);
  save.json('fleet', result);
  return result;
}

/** Beyond these, nothing new is learnt. */
const maxAttackRounds = 20;

async function benchFleetAttacks(
  { only, rounds, costSeconds }: BenchOptions,
  save: ResultsFolder,
): Promise<FleetAttacksResult | undefined> {
  const chosen = attacks.filter(({ name }) => only.test(`fleet-attacks, ${name}`));
  if (chosen.length === 0) return undefined;
  const result = await measureFleetAttacks(chosen, {
    rounds: Math.min(rounds, maxAttackRounds),
    costSeconds,
  });
  printFleetAttacks(result);
  save.json('fleet-attacks', result);
  return result;
}

async function benchCluster(
  { only, rounds, batchMs }: BenchOptions,
  save: ResultsFolder,
): Promise<ClusterResult | undefined> {
  if (!clusterScenarios.some(({ name }) => only.test(`cluster, ${name}`))) return undefined;
  const result = await measureCluster({ only, batchMs, rounds: Math.min(rounds, maxClusterRounds) });
  printCluster(result);
  save.json('cluster', result);
  return result;
}

/** A cluster takes seconds to replace a master and to take back the old one. */
const maxClusterRounds = 10;

async function benchRecovery(options: BenchOptions, save: ResultsFolder): Promise<readonly RecoveryResult[]> {
  const chosen = scenarios.filter(({ name }) => options.only.test(name));
  if (chosen.length > 0) printLegend();
  const results: RecoveryResult[] = [];
  for (const scenario of chosen) {
    const result = await measureRecovery(scenario, options);
    printRecovery(result);
    results.push(result);
    save.json('recovery', results);
    save.svg('recovery', drawRecovery(results));
  }
  return results;
}

async function benchReads(options: BenchOptions, save: ResultsFolder): Promise<void> {
  const results: ReadsResult[] = [];
  for (const scenario of readScenarios.filter(({ name }) => options.only.test(name))) {
    const result = await measureReads(scenario, options);
    printReads(result);
    results.push(result);
    save.json('reads', results);
  }
}

main(readArguments(process.argv.slice(2))).then(
  // A peer that was closed may still hold a timer or a thread.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
