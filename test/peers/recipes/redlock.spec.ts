import { describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { createLocks } from './redlock.js';

const { open } = useApp();

describe.each(incidents)('when the master $incident', (incident) => {
  test('a replicated lock stays, can be extended meanwhile, and is free after its release', async () => {
    const { writer, failOver } = await open(incident);
    const locks = createLocks(writer);
    const lock = await locks.acquire(['account'], 30_000);
    const extended = await failOver(() => lock.extend(30_000));
    await expect(locks.acquire(['account'], 1000, { retryCount: 0 })).rejects.toThrow();
    await extended.release();
    const next = await locks.acquire(['account'], 1000, { retryCount: 0 });
    await next.release();
  });

  test('a lock that is asked for meanwhile is granted by the next master', async () => {
    const { writer, failOver } = await open(incident);
    const locks = createLocks(writer);
    const lock = await failOver(() => locks.acquire(['account'], 30_000));
    expect(await writer.get('account')).toBe(lock.value);
  });
});

test('`quit()` closes the writer itself', async () => {
  const { writer } = await open();
  await createLocks(writer).quit();
  await expect(writer.get('key')).rejects.toThrow('Connection is closed');
});
