import { NotAppliedError, UnknownOutcomeError } from 'nestjs-redis-replication';
import { expect, test, vi } from 'vitest';
import { issueUntilKnown } from '../../sample-app/notes/issue-until-known.js';

const details = { command: 'set', generation: 1, reason: 'for a test' };
const unknown = new UnknownOutcomeError(details);
const notApplied = new NotAppliedError(details);

function issueWith(...errors: readonly Error[]) {
  const issue = vi.fn<() => Promise<string>>().mockResolvedValue('OK');
  errors.forEach((error) => issue.mockRejectedValueOnce(error));
  return issue;
}

test.each([
  ['at once', []],
  ['after one lost reply', [unknown]],
  ['after two lost replies', [unknown, unknown]],
])('it returns what was answered %s', async (_, errors) => {
  expect(await issueUntilKnown(issueWith(...errors))).toEqual({ value: 'OK', attempts: errors.length + 1 });
});

test('it gives up after three lost replies', async () => {
  const issue = issueWith(unknown, unknown, unknown);
  await expect(issueUntilKnown(issue)).rejects.toBe(unknown);
  expect(issue).toHaveBeenCalledTimes(3);
});

test('it does not repeat what was not applied or what the server refused', async () => {
  for (const error of [notApplied, new Error('ERR syntax error')]) {
    const issue = issueWith(error);
    await expect(issueUntilKnown(issue)).rejects.toBe(error);
    expect(issue).toHaveBeenCalledTimes(1);
  }
});

test('an earlier lost reply outweighs that the last attempt was not applied', async () => {
  await expect(issueUntilKnown(issueWith(unknown, notApplied))).rejects.toBe(unknown);
});
