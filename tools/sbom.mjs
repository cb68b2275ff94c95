// The software bill of materials of the package, in CycloneDX, from the lock file: `npm run -s sbom > sbom.json`.
// `npm sbom` puts a random number, the time and the name of the folder into it. Without these, the same lock file gives
// the same text, so that anybody can compare it with a published one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev'];
const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 100_000_000 });

const bom = JSON.parse(output);
delete bom.serialNumber;
delete bom.metadata.timestamp;
// The version of npm says nothing about the package.
delete bom.metadata.tools;
bom.metadata.component.name = name;
bom.components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
bom.dependencies.sort((a, b) => (a.ref < b.ref ? -1 : 1));
const digest = createHash('sha256').update(JSON.stringify(bom)).digest('hex');
console.log(JSON.stringify({ ...bom, serialNumber: `urn:uuid:${toUuid(digest)}` }, undefined, 2));

/** A UUID of version 8, which is free to be made from anything. */
function toUuid(hex) {
  const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
