import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.js';
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

interface OpenPage {
  readonly page: Page;
  /** Errors and warnings on the console. */
  readonly complaints: readonly string[];
  /** Hosts that something was asked of. */
  readonly hosts: ReadonlySet<string>;
}

async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (browser === undefined) throw new Error('There is no browser');
  const page = await browser.newPage({ locale: 'en-GB', ...options });
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto(url);
  return { page, complaints, hosts };
}

function whenMaster({ page }: OpenPage, endpoint: string, generation: number): Promise<void> {
  return page
    .getByText(`Master is ${endpoint}, generation ${generation}, steady.`, { exact: true })
    .waitFor();
}

function nodeRow({ page }: OpenPage, endpoint: string) {
  return page.getByRole('table', { name: 'Nodes' }).getByRole('row').filter({ hasText: endpoint });
}

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

/** Draws the page from these values instead of the app's. */
async function openWith(topology: object): Promise<OpenPage> {
  const app = await startApp();
  const opened = await openPage('about:blank');
  const body = `retry: 60000\ndata: ${JSON.stringify(topology)}\n\n`;
  await opened.page.route('**/topology/stream', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body }),
  );
  await opened.page.goto(app.url);
  return opened;
}

test('it shows who is master and how each node is, to assistive technology as well', async () => {
  const app = await startApp();
  const opened = await openPage(app.url);
  const { page, complaints, hosts } = opened;
  await whenMaster(opened, group.master.endpoint, 1);
  await page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor();
  expect(await nodeRow(opened, group.master.endpoint).ariaSnapshot()).toContain(
    `row "${group.master.endpoint} master – – yes"`,
  );
  for (const { endpoint } of group.replicas) {
    await nodeRow(opened, endpoint).getByRole('cell', { name: 'up', exact: true }).waitFor();
    await nodeRow(opened, endpoint).getByRole('cell', { name: 'replica', exact: true }).waitFor();
  }
  const headers = page.getByRole('table', { name: 'Nodes' }).getByRole('columnheader');
  expect(await headers.allTextContents()).toEqual(['Node', 'Role', 'Link to master', 'Lag', 'Reachable']);
  expect(await page.locator('#summary').getAttribute('aria-live')).toBe('polite');
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Redis group');
  expect(await page.getByText('None yet.').isVisible()).toBe(true);
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(app.url).host]);
});

test('it follows a failover live, and lists it', async () => {
  const app = await startApp();
  const opened = await openPage(app.url);
  const { master, heir, other } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  await master.kill();
  await opened.page.getByText('No master, writes are held, generation 1.').waitFor();
  await nodeRow(opened, master.endpoint)
    .getByRole('cell', { name: /^no: REFUSED, / })
    .waitFor();
  await Promise.all([promote(heir), follow(other, heir)]);
  await whenMaster(opened, heir.endpoint, 2);
  const failovers = opened.page.getByRole('table', { name: /^Failovers/ });
  const cells = failovers.getByRole('row').nth(1).getByRole('cell');
  expect(await cells.allTextContents()).toEqual([
    heir.endpoint,
    master.endpoint,
    expect.stringMatching(/^\d+(\.\d)? m?s$/),
    expect.stringMatching(/^connection (closed|failed)$/),
    expect.stringMatching(/\d\d:\d\d:\d\d/),
  ]);
  expect(opened.complaints).toEqual([]);
});

test('it reports that the connection to the app is lost, and goes on when the app is back', async () => {
  const first = await startApp();
  const opened = await openPage(first.url);
  const { master, heir } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  await first.close();
  await opened.page.getByText('Connection to the app lost, trying again.').waitFor();
  expect(await opened.page.getByText(`Master is ${master.endpoint}`).isVisible()).toBe(true);
  await plannedSwap(group.nodes, heir);
  const second = await startSampleApp({
    REDIS_NODES: group.endpoints.join(','),
    PORT: new URL(first.url).port,
  });
  expect(second.url).toBe(first.url);
  await whenMaster(opened, heir.endpoint, 1);
  await opened.page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor();
});

test('all that can be done can be done with the keyboard, and the focus is seen', async () => {
  const app = await startApp();
  const opened = await openPage(app.url);
  const { page } = opened;
  const { master, heir } = rolesOf(group);
  await whenMaster(opened, master.endpoint, 1);
  const focused = page.locator(':focus-visible');
  const names: (string | null)[] = [];
  for (let index = 0; index < 3; index += 1) {
    await page.keyboard.press('Tab');
    names.push(await focused.textContent());
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  }
  expect(names).toEqual(['Pause updates', 'Topology as JSON', 'Health']);

  await page.getByRole('button', { name: 'Pause updates' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { pressed: true }).waitFor();
  const news = whenStreamed(page, `"generation":2`);
  await plannedSwap(group.nodes, heir);
  await news;
  expect(await page.getByText(`Master is ${master.endpoint}, generation 1`).isVisible()).toBe(true);
  await page.keyboard.press('Space');
  await whenMaster(opened, heir.endpoint, 2);
});

test('a single claim without proof is no split brain', async () => {
  const { page } = await openWith({
    kind: 'contested',
    claimants: ['a:1'],
    generation: 3,
    cause: 'poll',
    changedAt: 1_700_000_000_000,
    nodes: [{ endpoint: 'a:1', kind: 'contender', role: 'master', reachable: true }],
    history: [],
  });
  await page.getByText('Unproven master: a:1 claims to be master, writes are held, generation 3.').waitFor();
});

test('a split brain and a loss of data are described in words', async () => {
  const { page } = await openWith({
    kind: 'contested',
    master: 'a:1',
    claimants: ['a:1', 'b:2'],
    generation: 3,
    cause: 'poll',
    changedAt: 1_700_000_000_000,
    nodes: [
      { endpoint: 'a:1', kind: 'master', role: 'master', reachable: true },
      { endpoint: 'b:2', kind: 'contender', role: 'master', reachable: true },
      { endpoint: 'c:3', kind: 'replica', role: 'replica', reachable: true, link: 'down', following: false },
      { endpoint: 'd:4', kind: 'stale', role: 'master', reachable: true },
      { endpoint: 'e:5', kind: 'pending', reachable: false },
    ],
    lastDataLoss: { kind: 'not replicated', endpoint: 'a:1', bytes: 2048, at: 1_700_000_000_000 },
    history: [],
  });
  await page
    .getByText('Split brain: a:1 and b:2 claim to be master, writes stay with a:1, generation 3.')
    .waitFor();
  await page
    .getByRole('alert')
    .filter({ hasText: 'at least 2.0 KiB of acknowledged writes never reached a:1' })
    .waitFor();
  const rows = await page.getByRole('table', { name: 'Nodes' }).locator('tbody tr').allInnerTexts();
  expect(rows.map((row) => row.split(/\t/).map((cell) => cell.trim()))).toEqual([
    ['a:1', '● master', '–', '–', 'yes'],
    ['b:2', '? claims to be master', '–', '–', 'yes'],
    ['c:3', '○ replica', 'down, serves old data (follows another master)', '–', 'yes'],
    ['d:4', '✕ superseded, gets no writes', '–', '–', 'yes'],
    ['e:5', '… not probed yet', '–', '–', 'not known yet'],
  ]);
});

test('a cluster is shown by its shards, and a failover names the shard', async () => {
  const shard = (id: string, first: number, endpoint: string) => ({
    id,
    slots: [{ first, last: first + 8191 }],
    migratingSlots: id === 'one' ? [7] : [],
    topology: {
      kind: id === 'one' ? 'steady' : 'masterless',
      ...(id === 'one' && { master: endpoint }),
      generation: 2,
      nodes: [{ endpoint, kind: id === 'one' ? 'master' : 'replica', reachable: true }],
    },
  });
  const { page, complaints } = await openWith({
    kind: 'partial',
    unassignedSlots: 0,
    shards: [shard('one', 0, 'a:1'), shard('two', 8192, 'b:2')],
    history: [
      {
        shard: 'two',
        generation: 2,
        from: 'c:3',
        to: 'b:2',
        tookMs: 5,
        cause: 'poll',
        at: 1_700_000_000_000,
      },
    ],
  });
  await page.getByText('1 of 2 shards have a master, writes to the others are held.').waitFor();
  const rows = await page.getByRole('table', { name: 'Nodes' }).locator('tbody tr').allInnerTexts();
  expect(rows.map((row) => row.split(/\t/)[0]?.trim())).toEqual([
    'Shard 0-8191, 1 slots are being moved: Master is a:1, generation 2, steady.',
    'a:1',
    'Shard 8192-16383: No master, writes are held, generation 2.',
    'b:2',
  ]);
  await page.getByRole('rowheader', { name: '2 of Shard 8192-16383', exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

test('what a server reports is shown as text, even if it is markup', async () => {
  const markup = '<img src="x" onerror="document.title = 1"><script>alert(1)</script>';
  const { page, complaints } = await openWith({
    kind: 'masterless',
    generation: 1,
    cause: markup,
    changedAt: 1_700_000_000_000,
    nodes: [{ endpoint: markup, kind: 'unusable', reachable: false, fault: 'ERROR', message: markup }],
    history: [{ generation: 1, from: markup, to: markup, at: 1_700_000_000_000, tookMs: 1, cause: markup }],
  });
  await page.getByRole('cell', { name: `no: ERROR, ${markup}`, exact: true }).waitFor();
  expect(await page.locator('img, tbody script').count()).toBe(0);
  expect(await page.title()).toBe('Redis group');
  expect(complaints).toEqual([]);
});

test.each<BrowserContextOptions>([
  { viewport: { width: 320, height: 640 } },
  { viewport: { width: 1280, height: 800 } },
])('nothing is cut off at %j', async (options) => {
  const app = await startApp();
  const opened = await openPage(app.url, options);
  await whenMaster(opened, group.master.endpoint, 1);
  const overflow = await opened.page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(overflow).toBe(0);
  await nodeRow(opened, group.master.endpoint).getByRole('cell', { name: 'master', exact: true }).waitFor();
});

test.each(['light', 'dark'] as const)(
  'text stands out from what is behind it, in %s',
  async (colorScheme) => {
    const app = await startApp();
    const opened = await openPage(app.url, { colorScheme, reducedMotion: 'reduce' });
    await whenMaster(opened, group.master.endpoint, 1);
    const script = await readFile(new URL('../support/contrast-ratios.mjs', import.meta.url), 'utf8');
    const ratios = await opened.page.evaluate<{ readonly text: string; readonly ratio: number }[]>(script);
    expect(ratios.length).toBeGreaterThan(20);
    expect(ratios.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  },
);
