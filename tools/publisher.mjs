// Who publishes the package. Until somebody says so, package.json and the pages for readers say OWNER.
//   npm run publisher -- <owner on GitHub>     puts the name everywhere
//   node tools/publisher.mjs remind|require    warns, or fails, while there is none (`npm pack`, `npm publish`)
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pages = [...readdirSync(root), ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)];
const files = ['package.json', ...pages.filter((file) => file.endsWith('.md'))];

const [action, owner] = process.argv.slice(2);
switch (action) {
  case 'set':
    setOwner(owner);
    break;
  case 'remind':
    if (unnamed().length > 0) console.error(problem());
    break;
  case 'require':
    if (unnamed().length > 0) fail(problem());
    break;
  default:
    fail('usage: node tools/publisher.mjs set <owner> | remind | require');
}

/** @param {string | undefined} name */
function setOwner(name) {
  if (name === undefined || !/^[a-z\d](-?[a-z\d]){0,38}$/i.test(name)) {
    fail('Give the name of the account on GitHub: npm run publisher -- <owner>');
  }
  for (const file of unnamed()) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/\bOWNER\b/g, name));
  }
}

/** The files in which OWNER still stands. */
function unnamed() {
  return files.filter((file) => /\bOWNER\b/.test(readFileSync(join(root, file), 'utf8')));
}

function problem() {
  return `Not ready for npm publish: no publisher is named in ${unnamed().join(', ')}: run npm run publisher -- <owner on GitHub>`;
}

/**
 * @param {string} line
 * @returns {never}
 */
function fail(line) {
  console.error(line);
  process.exit(1);
}
