import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from './exit-hook.js';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A new folder that is gone after `remove()`, or else when this process ends. */
export async function makeTemporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  const options = { recursive: true, force: true };
  const forget = onExit(() => rmSync(path, options));
  return {
    path,
    async remove() {
      await rm(path, options);
      forget();
    },
  };
}
