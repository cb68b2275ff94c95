import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { findServer } from './find-server.js';
import { killAfterUs } from './watchdog.js';

export interface ServerProcess {
  readonly pid: number;
  readonly hasEnded: boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process is gone. */
  end(name: NodeJS.Signals): Promise<void>;
}

/** A data node prints it when it has loaded its data and listens, a Sentinel when it listens. */
const readyLine = /Ready to accept connections|Sentinel ID is/;

/** Starts the server program; resolves as soon as it accepts connections, rejects with its output if it ends first. */
export async function startServerProcess(args: readonly string[], program?: string): Promise<ServerProcess> {
  const child = spawn(findServer(program), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.pid !== undefined) child.once('exit', killAfterUs(child.pid));
  const pid = await whenReady(child, [child.stdout, child.stderr]);
  return {
    pid,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    signal: (name) => void child.kill(name),
    end(name) {
      child.kill(name);
      return ended;
    },
  };
}

function whenReady(child: ChildProcess, streams: readonly Readable[]): Promise<number> {
  const output: string[] = [];
  return new Promise((resolve, reject) => {
    for (const input of streams) {
      // The listener stays, because the server would block if its output pipe filled up.
      createInterface({ input }).on('line', (line) => {
        if (output.length < 100) output.push(line);
        if (readyLine.test(line) && child.pid !== undefined) resolve(child.pid);
      });
    }
    child.once('error', reject);
    child.once('close', () =>
      reject(new Error(`The server ended before it was ready:\n${output.join('\n')}`)),
    );
  });
}
