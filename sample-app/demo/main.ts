import { onExit } from '../../test/support/exit-hook.js';
import { startGroup } from '../../test/support/server-group.js';
import { startApp } from './app-process.js';
import { failoverKinds } from './failovers.js';
import { startLoad, type Load } from './load.js';
import { describeRound, describeTotal, pickWarning } from './report.js';
import { rolesFor, runRound, type RoundResult } from './round.js';
import type { RedisServer } from '../../test/support/redis-server.js';

const once = process.argv.includes('--once');
const pauseMs = once ? 500 : 3000;

const group = await startGroup();
console.log(`Redis     master ${group.master.endpoint}, replicas ${group.endpoints.slice(1).join(', ')}`);
const app = await startApp(group.endpoints, (line) => {
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
let master = group.master;
for (;;) {
  master = await runAll(master, load);
  if (once) break;
}

await load.stop();
forgetTotal();
console.log(`\n${describeTotal(results)}`);
await app.stop();
await group.stop();
process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;

/** Plays one failover of each kind; returns the roles after the last. */
async function runAll(first: RedisServer, writes: Load): Promise<RedisServer> {
  let current = first;
  for (const kind of failoverKinds) {
    const roles = rolesFor(group.nodes, current);
    const result = await runRound({ kind, roles, pauseMs }, writes);
    results.push(result);
    console.log(describeRound(result));
    result.failures.slice(0, 3).forEach((failure) => console.log(`    failed: ${failure}`));
    current = roles.to;
  }
  return current;
}
