import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Git ignores it. */
const screenshots = fileURLToPath(new URL('../../test-results/page/', import.meta.url));

export interface OpenPage {
  readonly page: Page;
  /** Errors and warnings on the console. */
  readonly complaints: readonly string[];
  /** Hosts that something was asked of. */
  readonly hosts: ReadonlySet<string>;
}

/** A page that is not at any address yet; it is closed when the test is over. */
export async function newPage(
  browser: Browser | undefined,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  if (browser === undefined) throw new Error('There is no browser');
  const page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  return { page, complaints, hosts };
}

/** Keeps a picture of the page, for whoever looks at a run of the tests. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
}

/** What the app would tell the page. */
export interface Told {
  readonly state: object;
  readonly failovers?: readonly object[];
  readonly samples?: readonly object[];
  readonly identity?: object;
  /** Tells nothing after that. */
  readonly isOnce?: boolean;
}

/** Tells the page this each second, in place of its app. Call it before the page is loaded. */
export async function tell(page: Page, told: Told): Promise<void> {
  const { state, failovers = [], samples = [], identity, isOnce = false } = told;
  const who = { instance: 'default', instances: ['default'], pod: 'pod-1', ...identity };
  const updates = { state: { state }, failovers: { failovers }, samples: { samples } };
  await page.addInitScript(
    `{
      const updates = ${JSON.stringify(updates)};
      const who = ${JSON.stringify(who)};
      window.EventSource = class extends EventTarget {
        constructor() {
          super();
          const tell = (kinds) => kinds.forEach((kind) => this.dispatchEvent(new MessageEvent(kind, {
            data: JSON.stringify({ at: Date.now(), ...who, ...updates[kind] }),
          })));
          setTimeout(() => tell(['state', 'failovers', 'samples']));
          if (!${isOnce}) setInterval(() => tell(['state']), 1000);
        }
        close() {}
      };
    }`,
  );
}
