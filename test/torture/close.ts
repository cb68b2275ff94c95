import { until } from '../../lib/testing/servers/until.js';
import type { TortureGroup } from './group.js';
import type { Load } from './load.js';
import type { Recorder } from './recorder.js';
import { whenLeft } from './wait.js';

/** Closes the apps and records an incident if a duplicate or a socket stays open. */
export async function closeApps(
  group: TortureGroup,
  loads: readonly Load[],
  recorder: Recorder,
): Promise<void> {
  const apps = loads.map(({ app }) => app);
  await Promise.all(apps.map((app) => app.close()));
  const open = () => apps.flatMap(({ connections }) => connections).filter(({ status }) => status !== 'end');
  await note(recorder, () => until('all connections have ended', () => open().length === 0));
  const proxies = group.nodes.flatMap((node) => node.proxies);
  await note(recorder, () =>
    until('no socket of an app is open', () => proxies.every(({ connections }) => connections === 0)),
  );
  for (const node of group.nodes) await note(recorder, () => whenLeft(node));
}

/** Records an incident if anything keeps the process alive once the servers are stopped, too. */
export async function whenNothingIsLeft(recorder: Recorder): Promise<void> {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap'];
  const left = () => process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind));
  await note(recorder, () =>
    until('no socket and no process is left', () => left().length === 0, { state: left }),
  );
}

async function note(recorder: Recorder, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    recorder.incident(error instanceof Error ? error.message : String(error));
  }
}
