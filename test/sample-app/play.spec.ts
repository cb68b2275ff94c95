import { expect, onTestFinished, test } from 'vitest';
import { startControls, type Action } from '../../sample-app/demo/play/controls.js';
import { until } from '../../lib/testing/servers/until.js';

async function start(actions: Readonly<Record<string, Action>>) {
  const controls = await startControls({
    actions: new Map(Object.entries(actions)),
    pageUrl: 'http://127.0.0.1:1/',
  });
  onTestFinished(() => controls.stop());
  const press = (name: string, origin = controls.url) =>
    fetch(`${controls.url}/${name}`, { method: 'POST', headers: { origin }, redirect: 'manual' });
  const read = async () => (await fetch(controls.url)).text();
  return { press, read };
}

test('each action has a button, and what came of it is told as text', async () => {
  const { press, read } = await start({
    kill: () => Promise.resolve('<b> → c'),
    swap: () => Promise.resolve(''),
  });
  expect([...(await read()).matchAll(/<button>(\w+)/g)].map(([, name]) => name)).toEqual(['kill', 'swap']);
  expect((await press('kill')).status).toBe(303);
  await until('the result is shown', async () => (await read()).includes('kill: &lt;b> → c'));
});

test('one action runs at a time, and another site cannot start one', async () => {
  let count = 0;
  const { press } = await start({
    kill: () => {
      count += 1;
      return new Promise(() => undefined);
    },
  });
  expect((await press('kill', 'http://elsewhere.example')).status).toBe(403);
  expect((await press('other')).status).toBe(403);
  expect((await press('kill')).status).toBe(303);
  expect((await press('kill')).status).toBe(409);
  expect(count).toBe(1);
});
