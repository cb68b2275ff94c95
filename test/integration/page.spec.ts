import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.js';
import { keepScreenshot, newPage, tell, type OpenPage, type Told } from '../support/dashboard-page.js';
import { rolesOf } from '../support/group-roles.js';
import { follow, plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startSampleApp, type SampleApp } from '../support/sample-app.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';

let group: ServerGroup;
let browser: Browser | undefined;

beforeAll(async () => {
  [group, browser] = await Promise.all([startGroup(), launchBrowser()]);
});

afterAll(() => Promise.all([group.stop(), browser?.close()]));

beforeEach(async ({ skip }) => {
  skip(browser === undefined, 'no browser');
  await restoreGroup(group);
});

async function startApp(environment: Record<string, string> = {}): Promise<SampleApp> {
  const app = await startSampleApp({ REDIS_NODES: group.endpoints.join(','), ...environment });
  await app.whenMaster(group.master.endpoint);
  return app;
}

async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const opened = await newPage(browser, options);
  await opened.page.goto(url);
  return opened;
}

/** Draws the page from these values instead of the app's. */
async function openWith(told: Told, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const app = await startApp();
  const opened = await newPage(browser, options);
  await tell(opened.page, told);
  await opened.page.goto(app.url);
  return opened;
}

function whenMaster({ page }: OpenPage, endpoint: string, generation: number): Promise<void> {
  return page
    .locator('#summary')
    .getByText(`Master is ${endpoint}, generation ${generation}, steady.`, { exact: true })
    .waitFor();
}

function nodeRow({ page }: OpenPage, endpoint: string) {
  return page.getByRole('table', { name: 'Nodes' }).getByRole('row').filter({ hasText: endpoint });
}

function fact(page: Page, term: string) {
  return page.locator('#facts > div').filter({ has: page.getByText(term, { exact: true }) });
}

const wide = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 } };
const narrow = { viewport: { width: 320, height: 640 } };

const at = 1_700_000_000_000;
const none = { commands: 0, bytes: 0 };
const facts = { generation: 3, cause: 'poll', changedAt: at };
const up = { status: 'up', latencyMs: 0.4 };

const told = (topology: object, more: object = {}): Told['state'] => ({
  kind: 'group',
  state: 'kind' in topology ? topology.kind : 'unknown',
  held: none,
  groups: [{ topology: { ...facts, ...topology }, held: none, ...more }],
});

test('it shows who is master, why, and who replicates from whom, to assistive technology as well', async () => {
  const app = await startApp();
  const opened = await openPage(app.url, wide);
  const { page, complaints, hosts } = opened;
  const { master, replicas } = group;
  await whenMaster(opened, master.endpoint, 1);
  await page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor();
  await nodeRow(opened, replicas[0]?.endpoint ?? '')
    .getByText('It replicates from the master.')
    .waitFor();
  expect(await nodeRow(opened, master.endpoint).ariaSnapshot()).toMatch(
    new RegExp(
      `row "${master.endpoint} master master, .*It reports the role master, and no node disputes it."`,
    ),
  );
  const [first] = await page.getByRole('table', { name: 'Nodes' }).locator('tbody th').allTextContents();
  expect(first).toBe(master.endpoint);
  const below = page
    .locator('#group > figure > ul > li')
    .first()
    .getByRole('list', { name: 'replicate from it' });
  await below.getByText(group.replicas[1]?.endpoint ?? '').waitFor();
  expect(await below.getByRole('listitem').count()).toBe(2);
  await below.locator('.box', { hasText: 'reader' }).first().waitFor();
  expect(await page.locator('#summary').getAttribute('aria-live')).toBe('polite');
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Redis default');
  for (const landmark of ['banner', 'main', 'contentinfo'] as const) {
    expect(await page.getByRole(landmark).count()).toBe(1);
  }
  await keepScreenshot(page, 'steady-wide');
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(app.url).host]);
});

test('title, icon and health tell that all is well, and the plots have what was measured', async () => {
  const app = await startApp();
  const { page } = await openPage(app.url, wide);
  await fact(page, 'Writes')
    .getByText(/^up, [\d.]+ ms$/)
    .waitFor();
  await fact(page, 'Reads')
    .getByText(/^up, [\d.]+ ms$/)
    .waitFor();
  await fact(page, 'Held commands').getByText('none').waitFor();
  await fact(page, 'Reader uses')
    .getByText(/^127\.0\.0\.1:\d+$/)
    .waitFor();
  await page
    .getByRole('img', { name: /^Time of a test write and a test read: write: [\d.]+ ms, at most/ })
    .waitFor();
  await page.getByRole('img', { name: /^Lag behind the master: 127\.0\.0\.1:\d+: \d+ B, at most/ }).waitFor();
  expect(await page.title()).toMatch(/^● fine · Redis default · \S+$/);
  expect(await page.locator('#icon').getAttribute('href')).toMatch(/assets\/icon-good\.svg$/);
});

test('it follows a failover live: the outage turns red, held commands are counted, the phases are listed', async () => {
  const app = await startApp();
  const opened = await openPage(app.url, wide);
  const { page, complaints } = opened;
  const { master, heir, other } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  await master.kill();
  await page.locator('#summary').getByText('No master, writes are held, generation 1.').waitFor();
  const write = app.put('/notes/held', { text: 'held' });
  await fact(page, 'Held commands')
    .getByText(/^[1-9]\d* \(.+\), the oldest for .+ m?s$/)
    .waitFor();
  await page.locator('#overview[data-tone="bad"]').waitFor();
  await fact(page, 'Writes')
    .getByText(/^down.*NO_MASTER: /)
    .waitFor();
  expect(await page.title()).toMatch(/^▲ not well · /);
  expect(await page.locator('#icon').getAttribute('href')).toMatch(/assets\/icon-bad\.svg$/);
  await nodeRow(opened, master.endpoint)
    .getByText('The connection was refused: no server listens there.')
    .waitFor();
  await keepScreenshot(page, 'masterless-wide');
  await Promise.all([promote(heir), follow(other, heir)]);
  await whenMaster(opened, heir.endpoint, 2);
  await expect(write).resolves.toMatchObject({ status: 200 });
  const failover = page.locator('#failovers > li');
  await failover
    .getByRole('img', { name: /^detection .*, decision .*, connection .*, first write .* m?s$/ })
    .waitFor();
  await failover.locator('summary').click();
  await failover.getByText('connection closed: A connection to the old master was closed').waitFor();
  await failover
    .getByText('history: its replication history continues that of the master before it')
    .waitFor();
  expect(await failover.locator('summary time').textContent()).toMatch(/^\d{1,2}:\d\d:\d\d \S+, \d+ s ago$/);
  await nodeRow(opened, heir.endpoint).getByText(`It took over from ${master.endpoint}: `).waitFor();
  await page.locator('#overview[data-tone="good"]').waitFor();
  await keepScreenshot(page, 'after-failover-wide');
  expect(complaints).toEqual([]);
});

test('it turns red when the app is gone, also while it is paused, and goes on when the app is back', async () => {
  const first = await startApp();
  const opened = await openPage(first.url, wide);
  const { page } = opened;
  const { master, heir } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await first.close();
  await page.getByText('Connection to the app lost, trying again').waitFor();
  const lost = `No connection to the app. Last known: Master is ${master.endpoint}, generation 1, steady.`;
  await page.locator('#overview[data-tone="bad"]').getByText(lost).waitFor();
  expect(await page.title()).toMatch(/^▲ not well \(paused\) · /);
  await keepScreenshot(page, 'lost-wide');
  await page.getByRole('button', { name: 'Pause' }).click();
  await plannedSwap(group.nodes, heir);
  const second = await startSampleApp({
    REDIS_NODES: group.endpoints.join(','),
    PORT: new URL(first.url).port,
  });
  expect(second.url).toBe(first.url);
  await whenMaster(opened, heir.endpoint, 1);
  await page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor();
});

test('it turns red when the stream brings nothing any more, although it stays open', async () => {
  const app = await startApp();
  const { page } = await newPage(browser);
  await tell(page, { state: told({ kind: 'steady', master: 'a:1', nodes: [] }), isOnce: true });
  await page.clock.install();
  await page.goto(app.url);
  await page.clock.runFor(100);
  await page.locator('#overview[data-tone="good"]').getByText('Master is a:1').waitFor();
  await page.clock.runFor(4000);
  expect(await page.locator('#overview').getAttribute('data-tone')).toBe('good');
  await page.clock.runFor(1500);
  await page.locator('#overview[data-tone="bad"]').getByText('No connection to the app.').waitFor();
});

test('all that can be done can be done with the keyboard, and the focus is seen', async () => {
  const app = await startApp();
  const opened = await openPage(app.url, wide);
  const { page } = opened;
  const { master, heir } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  const focused = page.locator(':focus-visible');
  const names: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    await page.keyboard.press('Tab');
    names.push((await focused.innerText()).split('\n')[0]?.trim() ?? '');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  }
  expect(names.map((name) => name.replace(/(Failovers|Lag and test commands).*/, '$1'))).toEqual([
    'Pause',
    'Nodes',
    'Failovers',
    'Lag and test commands',
    'All of this as JSON',
  ]);

  await page.getByRole('button', { name: 'Pause' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { pressed: true }).waitFor();
  const news = whenStreamed(page, `"generation":2`);
  await plannedSwap(group.nodes, heir);
  await news;
  expect(await page.getByText(`Master is ${master.endpoint}, generation 1`).isVisible()).toBe(true);
  await page.keyboard.press('Space');
  await whenMaster(opened, heir.endpoint, 2);
});

/** Waits until the page was sent an event that holds this text, and has dealt with it. */
async function whenStreamed(page: Page, text: string): Promise<void> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Network.enable');
  await new Promise<void>((resolve) => {
    devTools.on('Network.eventSourceMessageReceived', ({ data }) => {
      if (data.includes(text)) resolve();
    });
  });
  await page.evaluate('new Promise(requestAnimationFrame)');
}

test('a single claim without proof is no split brain', async () => {
  const { page } = await openWith({
    state: told({
      kind: 'contested',
      claimants: ['a:1'],
      nodes: [{ endpoint: 'a:1', kind: 'contender', role: 'master', reachable: true }],
    }),
  });
  await page.getByText('Unproven master: a:1 claims to be master, writes are held, generation 3.').waitFor();
});

test('a split brain and a loss of data are described in words', async () => {
  const { page } = await openWith(
    {
      state: told({
        kind: 'contested',
        master: 'a:1',
        claimants: ['a:1', 'b:2'],
        nodes: [
          { endpoint: 'e:5', kind: 'pending', reachable: false },
          {
            endpoint: 'c:3',
            kind: 'replica',
            role: 'replica',
            reachable: true,
            link: 'down',
            following: false,
          },
          { endpoint: 'd:4', kind: 'stale', role: 'master', reachable: true, lostBytes: 10 },
          { endpoint: 'b:2', kind: 'contender', role: 'master', reachable: true },
          { endpoint: 'a:1', kind: 'master', role: 'master', reachable: true },
        ],
        lastDataLoss: { kind: 'not replicated', endpoint: 'a:1', bytes: 2048, at },
      }),
    },
    wide,
  );
  await page
    .getByText('Split brain: a:1 and b:2 claim to be master, writes stay with a:1, generation 3.')
    .waitFor();
  await page
    .getByRole('alert')
    .filter({
      hasText:
        /at least 2\.0 KiB of acknowledged writes never reached a:1\. 14\/11\/2023, 23:13:20 CET, \d+ d ago/,
    })
    .waitFor();
  const rows = await page.getByRole('table', { name: 'Nodes' }).locator('tbody tr').allInnerTexts();
  expect(rows.map((row) => row.split(/\t/).map((cell) => cell.trim()))).toEqual([
    ['a:1', '● master', 'master', 'It reports the role master, and no node disputes it.'],
    ['b:2', '? claims to be master', 'master', 'It reports the role master, and no history proves it.'],
    [
      'd:4',
      '✕ superseded, gets no writes',
      'master, 10 B that the master lacks',
      'It reports the role master, but the history of another node continues its own: it was superseded.',
    ],
    ['c:3', '○ replica', 'replica, link down', 'It replicates from another master.'],
    ['e:5', '… not probed yet', 'nothing', 'It has not answered a probe yet.'],
  ]);
  await keepScreenshot(page, 'split-brain-wide');
});

test('a cluster is shown by its shards, and a failover names the shard', async () => {
  const shard = (id: string, first: number, endpoint: string) => ({
    shard: { id, slots: [{ first, last: first + 8191 }], migratingSlots: id === 'one' ? [7] : [] },
    held: none,
    topology: {
      ...facts,
      kind: id === 'one' ? 'steady' : 'masterless',
      ...(id === 'one' && { master: endpoint }),
      generation: 2,
      nodes: [{ endpoint, kind: id === 'one' ? 'master' : 'replica', reachable: true }],
    },
  });
  const { page, complaints } = await openWith(
    {
      identity: { instances: ['default', 'sessions'] },
      state: {
        kind: 'cluster',
        state: 'partial',
        unassignedSlots: 0,
        held: none,
        groups: [shard('one', 0, 'a:1'), shard('two', 8192, 'b:2')],
      },
      failovers: [
        {
          kind: 'open',
          shard: 'two',
          generation: 2,
          from: 'c:3',
          to: 'b:2',
          cause: 'hung',
          proof: 'history',
          phases: { detectionMs: 5, decisionMs: 20 },
          commands: { held: 1, sentAgain: 0, unknown: 0, notApplied: 0 },
          at,
        },
      ],
    },
    wide,
  );
  await page.getByText('1 of 2 shards have a master, writes to the others are held.').waitFor();
  const rows = await page.getByRole('table', { name: 'Nodes' }).locator('tbody tr').allInnerTexts();
  expect(rows.map((row) => row.split(/\t/)[0]?.trim())).toEqual([
    'Shard 0-8191, 1 slots are being moved: Master is a:1, generation 2, steady.',
    'a:1',
    'Shard 8192-16383: No master, writes are held, generation 2.',
    'b:2',
  ]);
  expect(await page.locator('#group > figure').count()).toBe(2);
  await page.locator('#failovers').getByText('25 ms until now, no write yet, Shard 8192-16383').waitFor();
  await page.getByRole('navigation', { name: 'Instances' }).getByRole('link', { name: 'sessions' }).waitFor();
  await keepScreenshot(page, 'cluster-wide');
  expect(complaints).toEqual([]);
});

test('what a server reports is shown as text, even if it is markup', async () => {
  const markup = '<img src="x" onerror="document.title = 1"><script>alert(1)</script>';
  const { page, complaints } = await openWith(
    {
      identity: { pod: markup },
      state: told(
        {
          kind: 'masterless',
          cause: markup,
          nodes: [{ endpoint: markup, kind: 'unusable', reachable: false, fault: 'ERROR', message: markup }],
        },
        { reader: markup },
      ),
      samples: [
        {
          at: Date.now(),
          writable: { status: 'down', latencyMs: null, reason: 'ERROR', message: markup },
          readable: up,
          lagBytes: { [markup]: 1 },
        },
      ],
      failovers: [
        {
          kind: 'complete',
          endedBy: 'first write',
          totalMs: 1,
          generation: 1,
          from: markup,
          to: markup,
          cause: markup,
          proof: 'history',
          phases: { detectionMs: 1, decisionMs: 0 },
          commands: { held: 0, sentAgain: 0, unknown: 0, notApplied: 0 },
          at,
        },
      ],
    },
    wide,
  );
  await page.getByRole('cell', { name: `ERROR: ${markup}`, exact: true }).waitFor();
  await page.locator('#failovers').getByText(`${markup} → ${markup}`).waitFor();
  expect(await page.locator('img, body script').count()).toBe(0);
  expect(await page.title()).toBe(`▲ not well · Redis default · ${markup}`);
  expect(complaints).toEqual([]);
});

test.each<BrowserContextOptions>([narrow, phone, wide])('nothing is cut off at %j', async (options) => {
  const app = await startApp();
  const opened = await openPage(app.url, options);
  const { page } = opened;
  await whenMaster(opened, group.master.endpoint, 1);
  await page.evaluate(`document.querySelectorAll('details.fold').forEach((each) => (each.open = true))`);
  await page.getByRole('img', { name: /^Time of a test write and a test read: write: [\d.]+ ms/ }).waitFor();
  const overflow = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(overflow).toBe(0);
  await nodeRow(opened, group.master.endpoint).getByRole('cell', { name: 'master', exact: true }).waitFor();
  await keepScreenshot(page, `unfolded-${options.viewport?.width}`);
});

test('on a phone, the page is one screen: the rest is folded, and Pause stays in reach', async () => {
  const app = await startApp();
  const opened = await openPage(app.url, phone);
  const { page } = opened;
  await whenMaster(opened, group.master.endpoint, 1);
  await fact(page, 'Writes').getByText(/^up, /).waitFor();
  await page.locator('.box', { hasText: group.replicas[1]?.endpoint ?? '' }).waitFor();
  expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBeLessThanOrEqual(844);
  await keepScreenshot(page, 'steady-phone');
  await page.getByText('Nodes', { exact: true }).click();
  await page.getByText('Failovers', { exact: true }).click();
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  const pause = await page.getByRole('button', { name: 'Pause' }).boundingBox();
  expect(pause?.y).toBeLessThan(40);
  expect(pause?.y).toBeGreaterThanOrEqual(0);
});

test.each(['light', 'dark'] as const)(
  'text stands out from what is behind it, in %s',
  async (colorScheme) => {
    const app = await startApp();
    const opened = await openPage(app.url, { ...wide, colorScheme, reducedMotion: 'reduce' });
    await whenMaster(opened, group.master.endpoint, 1);
    await fact(opened.page, 'Writes').waitFor();
    const script = await readFile(new URL('../support/contrast-ratios.mjs', import.meta.url), 'utf8');
    const contrasts = () => opened.page.evaluate<{ readonly text: string; readonly ratio: number }[]>(script);
    const well = await contrasts();
    expect(well.length).toBeGreaterThan(20);
    expect(well.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    await keepScreenshot(opened.page, `steady-${colorScheme}`);
    await opened.page.evaluate(`document.getElementById('overview').dataset.tone = 'bad'`);
    expect((await contrasts()).filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  },
);
