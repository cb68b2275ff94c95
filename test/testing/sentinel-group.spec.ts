import { afterEach, expect, test } from 'vitest';
import { readInfo } from '../../lib/testing/servers/info.js';
import { startSentinels } from '../../lib/testing/servers/sentinel-group.js';
import type { SentinelGroup } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';

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
