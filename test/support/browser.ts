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
 * A browser, or `undefined` if this machine has none and is not required to have one.
 *
 * @throws Error on a CI machine without a browser, because skipped tests would go unnoticed there.
 */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath !== undefined) return chromium.launch({ executablePath, args });
  const message = 'No browser found: install chromium, or set CHROMIUM_BIN to one.';
  if (process.env['CI']) throw new Error(message);
  console.log(`${message} The tests of the page are skipped.`);
  return undefined;
}
