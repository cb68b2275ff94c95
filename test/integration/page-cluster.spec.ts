import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.js';
import { startCluster, type ClusterGroup } from '../support/cluster-group.js';
import { keepScreenshot, newPage } from '../support/dashboard-page.js';
import { startSampleApp } from '../support/sample-app.js';

let cluster: ClusterGroup;
let browser: Browser | undefined;

// Its nodes replace no master by themselves: an election takes as long as it likes on a busy machine.
beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster(), launchBrowser()]);
}, 60_000);

afterAll(() => Promise.all([cluster.stop(), browser?.close()]));

test(
  'a real cluster is shown by its shards, and the failover of one live',
  { timeout: 60_000 },
  async ({ skip }) => {
    skip(browser === undefined, 'no browser');
    const app = await startSampleApp({ REDIS_CLUSTER: cluster.endpoints.slice(0, 2).join(',') });
    const { page, complaints } = await newPage(browser, { viewport: { width: 1280, height: 900 } });
    const master = await cluster.masterOf('note:a');
    const [replica] = await cluster.replicasOf(master);
    if (replica === undefined) throw new Error('The shard has no replica');
    const shard = page.locator('#group > figure').filter({ hasText: master.endpoint });
    const caption = shard.locator('figcaption');
    const steady = (endpoint: string, generation: number) =>
      new RegExp(String.raw`^Shard \d+-\d+: Master is ${endpoint}, generation ${generation}, steady\.$`);

    await page.goto(app.url);
    await page.getByText('All 3 shards have a master.').waitFor();
    await caption.getByText(steady(master.endpoint, 1)).waitFor();
    const slots = /^Shard \d+-\d+/.exec((await caption.textContent()) ?? '')?.[0] ?? 'none';
    await shard.getByRole('list', { name: 'replicate from it' }).getByText(replica.endpoint).waitFor();
    const captions = await page.locator('#group figcaption').allTextContents();
    expect(captions.map((text) => text.split(':')[0])).toEqual([
      'Shard 0-5460',
      'Shard 5461-10921',
      'Shard 10922-16383',
    ]);
    const rows = page.getByRole('table', { name: 'Nodes' }).locator('tbody tr');
    expect(await rows.locator('th.endpoint').allTextContents()).toHaveLength(6);
    await page.locator('#overview[data-tone="good"]').waitFor();
    await page
      .getByRole('img', { name: /^Time of a test write and a test read: write: [\d.]+ ms/ })
      .waitFor();
    await keepScreenshot(page, 'real-cluster-steady');

    await master.kill();
    const outage = page.getByText('2 of 3 shards have a master, writes to the others are held.');
    await outage.waitFor();
    const written = app.put('/notes/a', { text: 'held' });
    await caption.getByText(`${slots}: No master, writes are held, generation 1.`, { exact: true }).waitFor();
    await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await caption.getByText(steady(replica.endpoint, 2)).waitFor();
    await expect(written).resolves.toMatchObject({ status: 200 });
    await page.getByText('All 3 shards have a master.').waitFor();
    const failover = page.locator('#failovers > li').filter({ hasText: `, ${slots}` });
    await failover.getByText(`${master.endpoint} → ${replica.endpoint}`).waitFor();
    await failover.getByRole('img', { name: /, first write [\d.]+ m?s$/ }).waitFor();
    await rows
      .filter({ hasText: master.endpoint })
      .getByText('The connection was refused: no server listens there.')
      .waitFor();
    await rows
      .filter({ hasText: replica.endpoint })
      .getByText(`It took over from ${master.endpoint}: `)
      .waitFor();
    await keepScreenshot(page, 'real-cluster-after-failover');
    expect(complaints).toEqual([]);
  },
);
