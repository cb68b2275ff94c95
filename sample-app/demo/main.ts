import { parseArgs } from 'node:util';
import { onExit } from '../../test/support/exit-hook.js';
import { startApp } from './app-process.js';
import { startLoad, type Load } from './load.js';
import { describeRound, describeTotal, pickWarning } from './report.js';
import { runRound, type RoundResult } from './round.js';
import { chooseTopology } from './topologies/choose-topology.js';

const { once, start } = readArguments();
const pauseMs = once ? 500 : 3000;

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
for (;;) {
  await runAll(load);
  if (once) break;
}

await load.stop();
forgetTotal();
console.log(`\n${describeTotal(results)}`);
await app.stop();
await servers.stop();
process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;

/** Plays one failover of each kind. */
async function runAll(writes: Load): Promise<void> {
  for (const kind of servers.failoverKinds) {
    const result = await runRound({ kind, pauseMs }, writes);
    results.push(result);
    console.log(describeRound(result));
    result.failures.slice(0, 3).forEach((failure) => console.log(`    failed: ${failure}`));
  }
}

/** A wrong argument ends the demo in one line. */
function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        topology: { type: 'string', default: 'static' },
      },
    });
    return { once: values.once, start: chooseTopology(values.topology) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
