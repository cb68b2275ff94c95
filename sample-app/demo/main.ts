import { parseArgs } from 'node:util';
import { onExit } from '../../test/support/exit-hook.js';
import { startApp } from './app-process.js';
import { startLoad, type Load } from './load.js';
import { describeRound, describeTotal, pickWarning } from './report.js';
import { rolesFor, runRound, type RoundResult } from './round.js';
import { chooseTopology } from './topologies/choose-topology.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

const { values } = parseArgs({
  options: { once: { type: 'boolean', default: false }, topology: { type: 'string', default: 'static' } },
});
const { once } = values;
const pauseMs = once ? 500 : 3000;

const servers = await chooseTopology(values.topology)();
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
let { master } = servers;
for (;;) {
  master = await runAll(master, load);
  if (once) break;
}

await load.stop();
forgetTotal();
console.log(`\n${describeTotal(results)}`);
await app.stop();
await servers.stop();
process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;

/** Plays one failover of each kind; returns the roles after the last. */
async function runAll(first: RedisServer, writes: Load): Promise<RedisServer> {
  let current = first;
  for (const kind of servers.failoverKinds) {
    const roles = rolesFor(servers.nodes, current);
    const result = await runRound({ kind, roles, pauseMs }, writes);
    results.push(result);
    console.log(describeRound(result));
    result.failures.slice(0, 3).forEach((failure) => console.log(`    failed: ${failure}`));
    current = result.roles.to;
  }
  return current;
}
