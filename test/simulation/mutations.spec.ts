import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}test/simulation/mutations/`;

test.each(readdirSync(folder))('the line that %s replaces is in the file that it names, once', (name) => {
  const mutation: unknown = JSON.parse(readFileSync(folder + name, 'utf8'));
  const [file, find] = ['file', 'find'].map((key) => String(Reflect.get(Object(mutation), key)));
  expect(readFileSync(`${root}${file}`, 'utf8').split(find ?? '')).toHaveLength(2);
});
