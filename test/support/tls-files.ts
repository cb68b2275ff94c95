import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from '../../lib/testing/servers/certificates.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';

export interface TlsFiles {
  /** Reads the files anew, as an app does for its option `tls`. */
  readonly read: () => Promise<Certificates>;
  readonly change: (files: Partial<Certificates>) => Promise<void>;
  readonly pathOf: (name: keyof Certificates) => string;
  /** How often they were read. */
  readonly reads: number;
  readonly remove: () => Promise<void>;
}

/** The certificates of a client, as files that somebody exchanges while it runs. */
export async function writeTlsFiles(files: Certificates): Promise<TlsFiles> {
  const folder = await makeTemporaryFolder('tls-files');
  let reads = 0;
  const pathOf = (name: keyof Certificates) => join(folder.path, `${name}.pem`);
  const read = (name: keyof Certificates) => readFile(pathOf(name), 'utf8');
  const change = async (changed: Partial<Certificates>) => {
    for (const name of ['ca', 'cert', 'key'] as const) {
      const text = changed[name];
      if (text !== undefined) await writeFile(pathOf(name), text);
    }
  };
  await change(files);
  return {
    async read() {
      reads += 1;
      return { ca: await read('ca'), cert: await read('cert'), key: await read('key') };
    },
    change,
    pathOf,
    get reads() {
      return reads;
    },
    remove: () => folder.remove(),
  };
}
