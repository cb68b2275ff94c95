import { expect, test } from 'vitest';
import { vetFor } from '../../lib/observers/vet-node.js';
import { ReplyError } from '../../lib/wire/reply-error.js';

const isOfGroup = (report: { readonly history?: { readonly id: string } }) =>
  report.history?.id === 'a'.repeat(40);

/** What became of a node that answers every question without credentials like this. */
async function vet(answer: string | Error): Promise<string> {
  const asked: string[] = [];
  const call = async (name: string) => {
    asked.push(name);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const vetting = vetFor({ vetting: () => isOfGroup });
  const outcome = await vetting?.(call).then(
    () => 'passes',
    (error: unknown) => String(error),
  );
  expect(asked).toEqual(['INFO']);
  return outcome ?? 'is not asked';
}

const refusal = 'Error: its replication history is not that of the group, so it is not sent the credentials';
const info = (id: string) => `# Replication\r\nrole:master\r\nmaster_replid:${id}\r\n`;

test.each<[string, string | Error, string]>([
  ['requires a password', new ReplyError('NOAUTH Authentication required.'), 'passes'],
  ['lets nobody ask', new ReplyError("NOPERM this user has no permissions to run 'info'"), 'passes'],
  ['has the history of the group', info('a'.repeat(40)), 'passes'],
  ['has another history', info('b'.repeat(40)), refusal],
  ['has no history', 'role:master\r\n', refusal],
  ['says nothing of use', 'hello', 'Error: the server does not report whether it is a master or a replica'],
  ['is no data node', new ReplyError("ERR unknown command 'INFO'"), "Error: ERR unknown command 'INFO'"],
  ['only pretends to require one', new ReplyError('ERR NOAUTH'), 'Error: ERR NOAUTH'],
])('a node that nothing proves and that %s: %s → %s', async (_what, answer, outcome) => {
  expect(await vet(answer)).toContain(outcome.replace(/^Error: /, ''));
});

test('a node that is proven is not asked', () => {
  expect([vetFor({}), vetFor({ vetting: () => undefined })]).toEqual([undefined, undefined]);
});
