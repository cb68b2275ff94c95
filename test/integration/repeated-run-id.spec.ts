import { expect, onTestFinished, test } from 'vitest';
import { fakeId } from '../support/fake-node-state.js';
import { startFakeNode } from '../support/fake-node.js';
import { countNodes } from '../support/counted-nodes.js';
import { createReplication } from '../support/open-replication.js';

test('a replica that reports the run id of the master neither stalls writes nor fills the log', async () => {
  const master = await startFakeNode({ role: 'master', replid: fakeId('R1') });
  const liar = await startFakeNode({
    role: 'replica',
    master: master.endpoint,
    replid: fakeId('R1'),
    runId: master.state.runId,
  });
  onTestFinished(async () => void (await Promise.all([master.stop(), liar.stop()])));
  const nodes = countNodes([liar.endpoint, master.endpoint]);
  const { writer, notes, replication, whenMaster } = createReplication(nodes.source, { pollIntervalMs: 20 });
  await replication.onModuleInit();
  await whenMaster(master);
  const seen: string[] = [];
  replication.topology$.subscribe(({ kind, generation }) => seen.push(`${kind} ${generation}`));
  const before = notes.length;
  for (let round = 1; round <= 20; round++) {
    // Whichever of the two was asked last.
    await nodes.whenProbed(master.endpoint, 1);
    await nodes.whenProbed(liar.endpoint, 1);
    expect(await writer.set('key', round)).toBe('OK');
  }
  expect(new Set(seen)).toEqual(new Set(['steady 1']));
  expect(notes.slice(before)).toEqual([]);
});
