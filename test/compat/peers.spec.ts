import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { createProject, installFamily, ownModules, run, unpackPackage, type Links } from './project.js';

const limitMs = 120_000;

let folder: TemporaryFolder;
let old: string;

beforeAll(async () => {
  [folder, old] = await Promise.all([
    makeTemporaryFolder('peers'),
    installFamily('too-old-peers'),
    unpackPackage(),
  ]);
}, limitMs);

afterAll(async () => {
  await folder?.remove();
});

const main = 'nestjs-redis-replication';
const health = `${main}/health`;
const elasticache = `${main}/elasticache`;
const client = '@aws-sdk/client-elasticache';
const aws = `${main}/aws`;
const signer = '@smithy/signature-v4';
const microservices = `${main}/microservices`;
const transports = '@nestjs/microservices';
const ranges = {
  nest: '^11.0.0 || ^12.0.0',
  ioredis: '^5.4.0 || ^6.0.0',
  rxjs: '^7.8.0',
};

/** Each with the packages that are installed in the place of the right ones; `undefined`: not installed. */
const rows: readonly (readonly [entry: string, installed: Links, message: string])[] = [
  [
    main,
    { ioredis: 'ioredis-4' },
    `${main} needs ioredis ${ranges.ioredis}, but version 4.31.0 is installed`,
  ],
  [
    main,
    { ioredis: 'ioredis-5.0' },
    `${main} needs ioredis ${ranges.ioredis}, but version 5.0.6 is installed`,
  ],
  [
    health,
    { ioredis: 'ioredis-5.0' },
    `${main} needs ioredis ${ranges.ioredis}, but version 5.0.6 is installed`,
  ],
  [main, { rxjs: 'rxjs-7.1' }, `${main} needs rxjs ${ranges.rxjs}, but version 7.1.0 is installed`],
  [
    main,
    { '@nestjs/common': '@nestjs/common', '@nestjs/core': '@nestjs/core' },
    `${main} needs @nestjs/common ${ranges.nest}, but version 10.4.22 is installed; @nestjs/core ${ranges.nest}, but version 10.4.22 is installed`,
  ],
  [
    health,
    { '@nestjs/terminus': '@nestjs/terminus' },
    `${health} needs @nestjs/terminus ${ranges.nest}, but version 10.3.0 is installed`,
  ],
  [
    health,
    { '@nestjs/terminus': undefined },
    `${health} needs @nestjs/terminus ${ranges.nest}, which is not installed: run npm install @nestjs/terminus`,
  ],
  [
    elasticache,
    { [client]: undefined },
    `${elasticache} needs ${client} ^3.0.0, which is not installed: run npm install ${client}`,
  ],
  [
    aws,
    { [signer]: undefined },
    `${aws} needs ${signer} ^5.0.0, which is not installed: run npm install ${signer}`,
  ],
  [
    microservices,
    { [transports]: undefined },
    `${microservices} needs ${transports} ${ranges.nest}, which is not installed: run npm install ${transports}`,
  ],
  [
    elasticache,
    { ioredis: 'ioredis-5.0' },
    `${main} needs ioredis ${ranges.ioredis}, but version 5.0.6 is installed`,
  ],
  [
    main,
    { ioredis: undefined },
    `${main} needs ioredis ${ranges.ioredis}, which is not installed: run npm install ioredis`,
  ],
];

const forms = {
  imported: { file: 'load.mjs', load: (entry: string) => `import '${entry}';` },
  required: { file: 'load.cjs', load: (entry: string) => `require('${entry}');` },
};

describe.each(Object.entries(forms))('%s', (_name, form) => {
  test.each(rows)('%s with %o', async (entry, installed, message) => {
    expect(await load(entry, installed, form)).toBe(message);
  });

  test('the main entry does without the optional peers', async () => {
    expect(
      await load(
        main,
        {
          '@nestjs/terminus': undefined,
          [client]: undefined,
          [signer]: undefined,
          [transports]: undefined,
        },
        form,
      ),
    ).toBe('loaded');
  });

  test.each([`${main}/azure`, `${main}/google`])('%s does without the optional peers', async (entry) => {
    expect(await load(entry, { [client]: undefined, [signer]: undefined }, form)).toBe('loaded');
  });

  test.each([
    [health, client],
    [elasticache, '@nestjs/terminus'],
    [aws, client],
    [microservices, '@nestjs/terminus'],
  ])('%s does without %s', async (entry, other) => {
    expect(await load(entry, { [other]: undefined }, form)).toBe('loaded');
  });
});

/** The message of the error with which a process ends that loads the entry point, or `loaded`. */
async function load(
  entry: string,
  installed: Links,
  form: (typeof forms)[keyof typeof forms],
): Promise<string> {
  const project = await createProject(join(folder.path, randomUUID()), {
    modules: ownModules,
    replaced: Object.fromEntries(
      Object.entries(installed).map(([name, alias]) => [name, alias && join(old, alias)] as const),
    ),
  });
  await writeFile(join(project, form.file), form.load(entry));
  return run(project, {}, [process.execPath, form.file]).then(
    () => 'loaded',
    (error: Error) => /^Error: (.*)$/m.exec(error.message)?.[1] ?? error.message,
  );
}
