import { expect, test } from 'vitest';
import { NodeFailures } from '../../../lib/connections/line/node-failures.js';
import { Notices } from '../../../lib/notices/notices.js';

const node = '10.0.0.1:6379';
const forged = `ERR no\n[Nest] ERROR the master is lost \u001b[2J${'x'.repeat(5_000_000)}`;
const shown = /^ERR no \[Nest\] ERROR the master is lost +\[2Jx+…$/;

function start() {
  const texts: string[] = [];
  return { texts, failures: new NodeFailures({ notices: new Notices(({ text }) => texts.push(text)) }) };
}

test('what a node says in a handshake is shown on one line, within 200 characters', () => {
  const { texts, failures } = start();
  failures.begin(node);
  failures.note(new Error(forged), 'connect');
  failures.handshakeFailed(node, undefined);
  failures.handshakeFailed(node, undefined);
  const words = failures.whyNot(node) ?? '';
  expect(words).toMatch(shown);
  expect(words).toHaveLength(200);
  expect(texts).toEqual([`cannot use ${node}: ${words}`]);
});

test('what a node says on a connection that worked is shown likewise', () => {
  const { texts, failures } = start();
  failures.begin(node);
  failures.note(new Error(forged), 'ready');
  expect(texts).toHaveLength(1);
  expect(texts[0]).toMatch(/^the connection to 10\.0\.0\.1:6379 failed: ERR no \[Nest\][^\n]*…$/);
});
