import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../docs/pages.js';

const page = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');
const scripts = Object.entries(packageJson.scripts);
const tools = readdirSync(`${root}tools`).filter((file) => file.endsWith('.mjs'));

/** npm runs these by itself. */
const ofNpm = ['prepare', 'prepack', 'prepublishOnly'];

function isTold(script: string): boolean {
  return new RegExp(`npm (?:run )?(?:-s )?${script}(?![\\w:-])`).test(page);
}

test('each script is told to contributors', () => {
  const names = scripts.map(([name]) => name).filter((name) => !ofNpm.includes(name));
  expect(names.filter((name) => !isTold(name))).toEqual([]);
});

test('each tool is run by a script or by another tool, or is told to contributors', () => {
  const callers = [
    ...scripts.map(([, command]) => command),
    ...tools.map((file) => readFileSync(`${root}tools/${file}`, 'utf8').replaceAll(/^\/\/.*$/gm, '')),
  ];
  const isCalled = (file: string) =>
    callers.some((text) => text.includes(`tools/${file}`) || text.includes(`'./${file}'`));
  expect(tools.filter((file) => !isCalled(file) && !page.includes(`node tools/${file}`))).toEqual([]);
});
