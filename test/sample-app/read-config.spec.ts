import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { InvalidConfigError } from '../../sample-app/config/invalid-config.error.js';
import type { Environment } from '../../sample-app/config/environment.js';
import { readConfig } from '../../sample-app/config/read-config.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';

const nodes = { REDIS_NODES: '127.0.0.1:7001, 127.0.0.1:7002' };

test('it has defaults for all but the nodes, and empty variables count as not set', () => {
  expect(readConfig({ ...nodes, PORT: '', REDIS_PASSWORD: '', REDIS_SEEDS: '' })).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    replication: { redis: {} },
  });
});

test.each<Environment>([
  nodes,
  { REDIS_SEEDS: '127.0.0.1:7001' },
  { REDIS_PRIMARY: 'primary.test:6379' },
  { REDIS_PRIMARY: 'primary.test:6379', REDIS_READER: 'reader.test:6379' },
  { REDIS_PRIMARY: 'primary.test:6379', REDIS_DNS: '127.0.0.1:5353' },
  { REDIS_PRIMARY: 'primary.test:6379', REDIS_READER: 'reader.test:6379', REDIS_DNS: '[::1]:53' },
  { REDIS_SENTINELS: '127.0.0.1:26379, 127.0.0.1:26380', REDIS_SENTINEL_NAME: 'main' },
  {
    REDIS_SENTINELS: '127.0.0.1:26379',
    REDIS_SENTINEL_NAME: 'main',
    REDIS_SENTINEL_USERNAME: 'app',
    REDIS_SENTINEL_PASSWORD: 'secret',
    REDIS_SENTINEL_TLS: '1',
    REDIS_CA: 'package.json',
  },
])('it takes the nodes from %j', (environment) => {
  expect(readConfig(environment).replication.source).toBeTypeOf('function');
});

test('it takes the nodes of a cluster in place of a source', () => {
  const { replication } = readConfig({ REDIS_CLUSTER: '127.0.0.1:7000, 127.0.0.1:7001' });
  expect(replication.cluster?.nodes).toBeTypeOf('function');
  expect(replication).not.toHaveProperty('source');
});

test('it reads how to log in, and how long to hold', async () => {
  const credentials = { REDIS_USERNAME: 'app', REDIS_PASSWORD: 'secret', REDIS_TLS: '1' };
  expect(readConfig({ ...nodes, ...credentials, REDIS_HOLD_TIMEOUT_MS: '250', PORT: '0' })).toMatchObject({
    port: 0,
    replication: {
      redis: { username: 'app', password: 'secret', tls: {} },
      hold: { timeoutMs: 250 },
    },
  });
  expect(readConfig({ ...nodes, REDIS_TLS: '0' }).replication.redis).toEqual({});
});

test('it reads the authority to trust from a file', () => {
  const { redis } = readConfig({ ...nodes, REDIS_TLS: '1', REDIS_CA: 'package.json' }).replication;
  expect(String(redis?.tls?.ca)).toContain('nestjs-redis-replication');
});

const choose =
  'Set exactly one of REDIS_NODES=host:port,host:port, REDIS_SEEDS=host:port,host:port, REDIS_PRIMARY=host:port, REDIS_SENTINELS=host:port,host:port and REDIS_CLUSTER=host:port,host:port; ';

test.each<[Environment, string]>([
  [{}, `${choose}none is set.`],
  [{ ...nodes, REDIS_SEEDS: 'a:1' }, `${choose}REDIS_NODES and REDIS_SEEDS are set.`],
  [
    { ...nodes, REDIS_READER: 'a:1' },
    'REDIS_READER can only be used with REDIS_PRIMARY, not with REDIS_NODES.',
  ],
  [
    { ...nodes, REDIS_SENTINEL_NAME: 'main' },
    'REDIS_SENTINEL_NAME can only be used with REDIS_SENTINELS, not with REDIS_NODES.',
  ],
  [
    { REDIS_CLUSTER: 'a:1', REDIS_DNS: '127.0.0.1:53' },
    'REDIS_DNS can only be used with REDIS_PRIMARY, not with REDIS_CLUSTER.',
  ],
  [
    { REDIS_PRIMARY: 'a:1', REDIS_DNS: 'dns.test:53' },
    'REDIS_DNS is "dns.test:53"; allowed is address:port of a name server.',
  ],
  [
    { REDIS_PRIMARY: 'a:1', REDIS_DNS: '127.0.0.1:70000' },
    'REDIS_DNS is "127.0.0.1:70000"; allowed is address:port of a name server.',
  ],
  [{ REDIS_CLUSTER: 'a:1,b' }, 'REDIS_CLUSTER: staticNodes: node 2 is not an endpoint: it has no port'],
  [{ ...nodes, REDIS_CLUSTER: 'a:1' }, `${choose}REDIS_NODES and REDIS_CLUSTER are set.`],
  [{ REDIS_SENTINELS: 'a:1' }, 'REDIS_SENTINELS needs REDIS_SENTINEL_NAME, the name of the master'],
  [
    { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'main', REDIS_SENTINEL_USERNAME: 'app' },
    'REDIS_SENTINEL_USERNAME needs REDIS_SENTINEL_PASSWORD.',
  ],
  [
    { REDIS_SENTINELS: 'a', REDIS_SENTINEL_NAME: 'main' },
    'REDIS_SENTINELS: sentinelNodes: Sentinel 1 is not an endpoint: it has no port',
  ],
  [
    { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'main', REDIS_SENTINEL_TLS: 'yes' },
    'REDIS_SENTINEL_TLS is "yes"; allowed are 1 and 0.',
  ],
  [
    { REDIS_NODES: 'redis://:secret@a:1' },
    'REDIS_NODES: staticNodes: node 1 is not an endpoint: it is a URL with a user or a password',
  ],
  [{ REDIS_SEEDS: 'a:1,,b:2' }, 'REDIS_SEEDS: discoverNodes: node 2 is not an endpoint: it is empty'],
  [{ REDIS_PRIMARY: 'a' }, 'REDIS_PRIMARY: primaryEndpoint: the name is not an endpoint: it has no port'],
  [{ ...nodes, PORT: '65536' }, 'PORT is "65536"; allowed is a whole number from 0 to 65535.'],
  [{ ...nodes, PORT: '3e3' }, 'PORT is "3e3"; allowed'],
  [{ ...nodes, REDIS_HOLD_TIMEOUT_MS: '-1' }, 'REDIS_HOLD_TIMEOUT_MS is "-1"; allowed'],
  [{ ...nodes, REDIS_TLS: 'yes' }, 'REDIS_TLS is "yes"; allowed are 1 and 0.'],
  [{ ...nodes, REDIS_CA: 'ca.pem' }, 'REDIS_CA needs REDIS_TLS=1 or REDIS_SENTINEL_TLS=1.'],
  [
    { ...nodes, REDIS_TLS: '1', REDIS_CA: 'no/such.pem' },
    'REDIS_CA names a file that cannot be read: ENOENT',
  ],
  [{ ...nodes, REDIS_USERNAME: 'app' }, 'REDIS_USERNAME needs REDIS_PASSWORD.'],
])('it refuses %j in one line', (environment, message) => {
  const read = () => readConfig(environment);
  expect(read).toThrow(InvalidConfigError);
  expect(read).toThrow(message);
  expect(read).toThrow(/^[^\n]+$/);
});

test('the app says what is wrong in one line and exits with 1', async () => {
  const folder = await makeTemporaryFolder('sample-app');
  const child = spawn(process.execPath, ['--import', 'tsx', 'sample-app/main.ts'], {
    env: { PATH: process.env['PATH'], TMPDIR: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  await folder.remove();
  expect({ stdout, stderr, code: child.exitCode }).toEqual({
    stdout: '',
    stderr: `${choose}none is set.\n`,
    code: 1,
  });
});
