import { onExit } from '../../test/support/exit-hook.js';
import { startApp } from './app-process.js';
import { startLoad, type Load } from './load.js';
import { describeRound, describeTotal, pickWarning } from './report.js';
import { runRound, type Round, type RoundResult } from './round.js';
import type { DemoTopology } from './topologies/topology.js';

interface Demo {
  /** One failover of each kind, instead of going on. */
  readonly once: boolean;
  readonly start: () => Promise<DemoTopology>;
}

/** Plays failovers under load, one after the other, and prints what came of each. */
export async function runRounds({ once, start }: Demo): Promise<void> {
  const servers = await start();
  servers.description.forEach((line) => console.log(line));
  const app = await startApp(servers.environment, (line) => {
    const warning = pickWarning(line);
    if (warning !== undefined) console.log(`    ${warning}`);
  });
  console.log(`Page      ${app.url}/`);
  console.log(`Health    ${app.url}/health`);
  console.log(`Topology  ${app.url}/topology`);
  console.log(once ? '' : '\nA failover every few seconds; Ctrl-C ends it.\n');

  const results: RoundResult[] = [];
  const forgetTotal = onExit(() => console.log(`\n${describeTotal(results)}`));
  const load = startLoad(app.url);
  const pauseMs = once ? 500 : 3000;
  const playAll = async () => {
    for (const kind of servers.failoverKinds) results.push(await playOne({ kind, pauseMs }, load));
  };
  for (;;) {
    await playAll();
    if (once) break;
  }

  await load.stop();
  forgetTotal();
  console.log(`\n${describeTotal(results)}`);
  await app.stop();
  await servers.stop();
  process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

async function playOne(round: Round, load: Load): Promise<RoundResult> {
  const result = await runRound(round, load);
  console.log(describeRound(result));
  result.failures.slice(0, 3).forEach((failure) => console.log(`    failed: ${failure}`));
  return result;
}
