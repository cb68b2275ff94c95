import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onExit } from '../../test/support/exit-hook.js';

export interface AppProcess {
  readonly url: string;
  /** Ends the process by SIGTERM, as an orchestrator would; resolves with its exit code. */
  stop(): Promise<number | null>;
}

const entry = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Starts the built sample app in a process of its own, with these variables and on any free port. */
export async function startApp(
  variables: Readonly<Record<string, string>>,
  onLogLine: (line: string) => void,
): Promise<AppProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...environment(), PORT: '0', NO_COLOR: '1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = onExit(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  void ended.then(forget);
  const url = await new Promise<string>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        const listening = /Listening on (http:\S+)/.exec(line)?.[1];
        if (listening !== undefined) resolve(listening);
        onLogLine(line);
      });
    }
    void ended.then((code) => reject(new Error(`The app ended with code ${code} before it listened.`)));
  });
  return {
    url,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** The environment of this process, without variables that would send the app to other nodes. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('REDIS_') && name !== 'HOST'),
  );
}
