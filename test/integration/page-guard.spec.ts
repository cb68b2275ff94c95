import { beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { startSampleApp } from '../support/sample-app.js';

let nodes: string;

beforeAll(async () => {
  // The page tells that no server listens there, which is all that it needs here.
  nodes = `127.0.0.1:${await findFreePort()}`;
});

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function ask(url: string, authorization?: string) {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return { status: response.status, asksFor: response.headers.get('www-authenticate') };
}

const routes = ['/', '/assets/page.js', '/data', '/stream'];
const allowed = { status: 200, asksFor: null };
const refused = { status: 401, asksFor: 'Basic realm="Redis"' };

test('whoever knows the password sees the page, its files, its data and its stream', async () => {
  const app = await startSampleApp({ REDIS_NODES: nodes, PAGE_PASSWORD: 'öpen: sesame' });
  for (const route of routes) {
    expect([route, await ask(`${app.url}${route}`, basic('anybody', 'öpen: sesame'))]).toEqual([
      route,
      allowed,
    ]);
  }
  expect(await ask(app.url, basic('', 'öpen: sesame').replace('Basic', 'basic'))).toEqual(allowed);
});

test('whoever does not is asked for it, on each route of the page and on no other', async () => {
  const app = await startSampleApp({ REDIS_NODES: nodes, PAGE_PASSWORD: 'secret' });
  for (const route of routes) {
    expect([route, await ask(`${app.url}${route}`)]).toEqual([route, refused]);
  }
  for (const wrong of [
    basic('secret', 'other'),
    basic('secret', ''),
    basic('a', 'secret '),
    'Basic secret',
    'Basic',
    `Bearer ${Buffer.from('a:secret').toString('base64')}`,
    '',
  ]) {
    expect([wrong, await ask(app.url, wrong)]).toEqual([wrong, refused]);
  }
  expect(await ask(`${app.url}/health/live`)).toEqual(allowed);
});

test('without a password, anybody who can reach the app sees the page', async () => {
  const app = await startSampleApp({ REDIS_NODES: nodes });
  for (const route of routes) {
    expect([route, await ask(`${app.url}${route}`)]).toEqual([route, allowed]);
  }
});
