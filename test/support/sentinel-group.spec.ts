import { afterEach, expect, test } from 'vitest';
import { readInfo } from './info.js';
import { startSentinels } from './sentinel-group.js';
import type { SentinelGroup } from './sentinel-group.js';
import { startGroup } from './server-group.js';
import type { ServerGroup } from './server-group.js';

let group: ServerGroup | undefined;
let sentinels: SentinelGroup | undefined;

afterEach(async () => {
  await sentinels?.stop();
  await group?.stop();
});

test('three Sentinels replace a dead master and agree on the new one', async () => {
  group = await startGroup({ replicas: 1, password: 'a secret' });
  sentinels = await startSentinels(group);
  const [replica] = group.replicas;
  if (replica === undefined) throw new Error('The group has one replica');
  await group.master.kill();
  await sentinels.whenAllName(replica);
  expect((await readInfo(replica, 'replication')).get('role')).toBe('master');
});
