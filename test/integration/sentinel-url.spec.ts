import { fromUrl } from 'nestjs-redis-replication';
import { expect, onTestFinished, test } from 'vitest';
import { sourceOf } from '../support/source-of.js';
import { openReplication } from '../support/open-replication.js';
import { startSentinels } from '../../lib/testing/servers/sentinel-group.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';

test('the URL of Sentinels is enough to follow their failover, with other passwords for them and for the nodes', async () => {
  const group = await startGroup({ replicas: 1, password: 'of/nodes' });
  onTestFinished(() => group.stop());
  const sentinels = await startSentinels(group, {
    server: { password: 'of-sentinels', args: ['--requirepass', 'of-sentinels'] },
  });
  onTestFinished(() => sentinels.stop());
  const [heir] = group.replicas;
  if (heir === undefined) throw new Error('there is no replica');
  const options = fromUrl(
    `redis+sentinel://:of%2Fnodes@${sentinels.endpoints.join(',')}/main/2?sentinelPassword=of-sentinels`,
  );
  const { writer, whenMaster } = await openReplication(sourceOf(options), options);
  expect(await writer.set('key', 'first')).toBe('OK');
  await sentinels.failover();
  await whenMaster(heir);
  expect(await writer.set('key', 'second')).toBe('OK');
  expect(await heir.command('GET', 'key')).toBe(null);
  expect(writer.options.db).toBe(2);
});
