import { expect, onTestFinished, test } from 'vitest';
import { openReplication } from '../support/open-replication.js';
import { follow, promote, whenInSync } from '../../lib/testing/servers/replication.js';
import { startGroup } from '../../lib/testing/servers/server-group.js';
import { startProxy } from '../../lib/testing/network/tcp-proxy.js';
import { emitted } from '../support/emitted.js';

test('a name that leads to a replica by now is dialled anew when the writer finds that out, although the observer is still connected to the master', async () => {
  const group = await startGroup({ replicas: 1 });
  onTestFinished(() => group.stop());
  const [a, b] = group.nodes;
  if (a === undefined || b === undefined) throw new Error('A group has at least two nodes');
  const [first, second] = [await startProxy(a.port), await startProxy(b.port)];
  onTestFinished(async () => {
    await first.stop();
    await second.stop();
  });
  const { writer, whenMaster } = await openReplication([first.endpoint, second.endpoint], {
    // Kept connections must not be lost to a busy machine.
    replyTimeoutMs: 2000,
    hold: { timeoutMs: 6000 },
  });
  await promote(b);
  await follow(a, b);
  await whenMaster(second);
  await writer.set('key', 'before');
  await whenInSync(b, [a]);
  first.leadTo(b.port);
  second.leadTo(a.port);
  const lost = emitted(writer, 'close');
  await b.command('CLIENT', 'KILL', 'ID', String(await writer.client('ID')));
  await lost;
  expect(await writer.set('key', 'after')).toBe('OK');
  expect(await b.command('GET', 'key')).toBe('after');
});
