import { chromium, type Browser } from 'playwright-core';
import { findChromium } from '../../tools/find-binary.mjs';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/**
 * A browser, or `undefined` where this machine has none and need not have one.
 *
 * @throws Error on a CI machine without a browser: what is skipped there nobody would miss.
 */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath !== undefined) return chromium.launch({ executablePath, args });
  const message = 'No browser found: install chromium, or set CHROMIUM_BIN to one.';
  if (process.env['CI']) throw new Error(message);
  console.log(`${message} The tests of the page are skipped.`);
  return undefined;
}
