import { fork } from 'node:child_process';
import { join } from 'node:path';
import { plannedSwap, whenInSync } from '../../lib/testing/servers/replication.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';

export interface AppRun {
  readonly code: number | null;
  /** What the app printed, both streams in one. */
  readonly output: string;
  /** What the app told, by name. */
  readonly messages: ReadonlyMap<string, unknown>;
}

export interface AppSettings {
  /** The folder of the project, with `app.mjs` in it. */
  readonly project: string;
  readonly master: RedisServer;
  /** Takes over once the app has seen the master. */
  readonly heir: RedisServer;
  /** The program to run it with. Default: that of this process. */
  readonly node?: string;
  readonly signal?: AbortSignal;
}

/** Runs the small app of `nest-11/app.mjs` to its end, with one swap of the master on the way. */
export async function runApp({ project, master, heir, node, signal }: AppSettings): Promise<AppRun> {
  const app = fork(join(project, 'app.mjs'), [master.endpoint, heir.endpoint], {
    cwd: project,
    stdio: 'pipe',
    killSignal: 'SIGKILL',
    execPath: node ?? process.execPath,
    execArgv: [],
    ...(signal !== undefined && { signal }),
  });
  const output: string[] = [];
  const messages = new Map<string, unknown>();
  const swaps: Promise<void>[] = [];
  for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)));
  app.on('message', (message) => {
    if (typeof message !== 'object' || !('what' in message && 'value' in message)) return;
    messages.set(String(message.what), message.value);
    if (message.what === 'master before') swaps.push(swap(master, heir));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    app.once('error', reject);
    app.once('exit', resolve);
  });
  await Promise.all(swaps);
  return { code, output: output.join(''), messages };
}

async function swap(master: RedisServer, heir: RedisServer): Promise<void> {
  await whenInSync(master, [heir]);
  await plannedSwap([master, heir], heir);
}
