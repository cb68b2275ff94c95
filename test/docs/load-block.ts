import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { codeBlocks } from './code-blocks.js';
import { root, sectionOf, type Page } from './pages.js';

/** Runs the first block of code of a section as a module, exactly as it is printed, and returns what it exports. */
export async function loadFirstBlock(page: Page, heading: string): Promise<unknown> {
  const [block] = codeBlocks({ ...page, text: sectionOf(page, heading) });
  if (block === undefined) {
    throw new Error(`The section "${heading}" has no block of code`);
  }
  const folder = await makeTemporaryFolder('block');
  onTestFinished(() => folder.remove());
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  const file = join(folder.path, 'block.ts');
  await writeFile(file, block.printed);
  const exported: unknown = await import(file);
  return exported;
}
