import { startTortureApp, type AppSetting } from './app.js';
import { runChaos } from './chaos.js';
import { checkEnds, checkHistory } from './check-history.js';
import { closeApps, whenNothingIsLeft } from './close.js';
import { startTortureGroup, whenHealthy, type TortureGroup } from './group.js';
import type { Contents } from './history.js';
import { keys } from './keys.js';
import { startLoad, type Load } from './load.js';
import { readContents } from './read-contents.js';
import { createRecorder, type Recorder } from './recorder.js';
import { describeOutcome } from './report.js';
import { readSettings } from './settings.js';
import { seededRandom } from '../topology/seeded-random.js';

/** One app has a short timeout and a small queue, so that commands are rejected, too; the other has the defaults. */
const appSettings: readonly AppSetting[] = [
  { name: 'a', index: 0, hold: { timeoutMs: 600, maxCommands: 24 } },
  { name: 'b', index: 1, hold: {} },
];

const settings = readSettings(process.argv.slice(2));
const startedAt = performance.now();
const recorder = createRecorder();
process.on('unhandledRejection', (reason) => {
  recorder.incident(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
});

const print = (line: string) => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${seconds.padStart(7)} s  ${line}`);
};

console.log(`seed ${settings.seed}, ${settings.minutes} minutes, ${settings.nodes} nodes`);
const group = await startTortureGroup(settings.nodes, appSettings.length);
const last = await torture(group);
await group.stop();
await whenNothingIsLeft(recorder);

const history = recorder.history();
const violations = last === undefined ? history.incidents : checkHistory(history, last);
const minutes = (performance.now() - startedAt) / 60_000;
describeOutcome({ seed: settings.seed, minutes, history, violations }).forEach((line) => console.log(line));
process.exitCode = violations.length === 0 ? 0 : 1;

/** What the last master holds; nothing if the run was aborted. */
async function torture(on: TortureGroup): Promise<Contents | undefined> {
  const apps = await Promise.all(appSettings.map((setting) => startTortureApp(on, recorder, setting)));
  const loads = apps.map((app, index) => startLoad(app, recorder, settings.seed + index + 1));
  const random = seededRandom(settings.seed);
  try {
    await runChaos({ group: on, loads, random, recorder, print }, startedAt + settings.minutes * 60_000);
    await Promise.all(loads.map((load) => load.stop()));
    await writeOnce(loads, recorder);
    await whenHealthy(on);
    return await readContents(on.master.server);
  } catch (error) {
    recorder.incident(`given up: ${error instanceof Error ? error.message : String(error)}`);
    on.nodes.forEach(({ server }) => server.resume());
    await Promise.allSettled(loads.map((load) => load.stop()));
    checkEnds(recorder.history()).forEach((violation) => recorder.incident(violation));
    return undefined;
  } finally {
    await closeApps(on, loads, recorder);
  }
}

/** Both apps must be able to write after the last fault. */
async function writeOnce(loads: readonly Load[], notes: Recorder): Promise<void> {
  for (const { app, scribe } of loads) {
    const end = await scribe.one({ kind: 'push', way: 'plain' }, (id) => app.writer.rpush(keys.log, id));
    if (end.kind !== 'done') notes.incident(`in the end, app ${app.name} could not write: ${end.kind}`);
  }
}
