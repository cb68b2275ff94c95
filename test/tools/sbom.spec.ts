import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function makeSbom(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['tools/sbom.mjs'], { cwd: root });
  return stdout;
}

test('the bill of materials lists what an app gets with the package, with the hash of the lock file', async () => {
  const bom: unknown = JSON.parse(await makeSbom());
  const lock = await readFile(`${root}package-lock.json`, 'utf8');
  const [, hash = ''] =
    /"node_modules\/@ioredis\/commands": \{[^}]*"integrity": "sha512-([^"]+)"/.exec(lock) ?? [];
  const content = Buffer.from(hash, 'base64').toString('hex');
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'nestjs-redis-replication' } },
    components: [{ name: '@ioredis/commands', hashes: [{ alg: 'SHA-512', content }] }],
  });
});

test('the same lock file gives the same bill, byte for byte', async () => {
  const [first, second] = await Promise.all([makeSbom(), makeSbom()]);
  expect(first).toBe(second);
  expect(first).toMatch(
    /"serialNumber": "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/,
  );
});
