import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAfterUs } from './watchdog.js';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A new folder that is gone after `remove()`, or else when this process ends. */
export async function makeTemporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  removeAfterUs(path);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
