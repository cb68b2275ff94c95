import { Socket } from 'node:net';
import { Command } from 'ioredis';
import { expect, test } from 'vitest';
import { NotAppliedError } from '../../../lib/connections/outcomes/errors.js';
import type { CommandStream } from '../../../lib/connections/ioredis/internals.js';
import { Notices } from '../../../lib/notices/notices.js';
import { Outcomes } from '../../../lib/connections/outcomes/outcomes.js';

const circumstances = () => ({ generation: 1, node: '10.0.0.1:6379', reason: () => 'no node is a master' });

/** A transaction that was written in one go and then refused, because the server had become a replica. */
function refuseTransaction({ watching }: { readonly watching: boolean }) {
  const outcomes = new Outcomes(
    {
      hold: { timeoutMs: 60_000, maxCommands: 100, maxBytes: 1_000_000 },
      resend: 'reads',
      notices: new Notices(() => undefined),
    },
    circumstances,
  );
  const stream: CommandStream & { readonly isPipeline: true } = Object.assign(
    { isPipeline: true as const, destination: { redis: { stream: new Socket() } } },
    { write: () => undefined },
  );
  const [watch, multi, set, exec] = [
    new Command('watch', ['key']),
    new Command('multi'),
    new Command('set', ['key', 'mine']),
    new Command('exec'),
  ];
  if (watching) {
    outcomes.admit(watch);
  }
  for (const command of [multi, set, exec]) {
    outcomes.note(command, stream);
    outcomes.admit(command);
  }
  multi.resolve('OK');
  outcomes.refused(new Error("READONLY You can't write against a read only replica."), {
    command: set,
    stream,
    select: 0,
  });
  outcomes.refused(new Error('EXECABORT Transaction discarded because of previous errors.'), {
    command: exec,
    stream,
    select: 0,
  });
  const sent: string[] = [];
  return { outcomes, set, exec, sent, release: () => outcomes.release(({ name }) => sent.push(name)) };
}

test('a transaction that a replica refused is sent again completely', () => {
  const { outcomes, sent, release } = refuseTransaction({ watching: false });
  expect(outcomes.heldCommands).toBe(3);
  release();
  expect(sent).toEqual(['multi', 'set', 'exec']);
});

test('a transaction under WATCH is not sent again, because the next connection does not watch the keys', async () => {
  const { outcomes, set, exec, sent, release } = refuseTransaction({ watching: true });
  for (const command of [set, exec]) {
    await expect(command.promise).rejects.toBeInstanceOf(NotAppliedError);
    await expect(command.promise).rejects.toThrow('WATCH');
  }
  release();
  expect([outcomes.heldCommands, sent]).toEqual([0, []]);
});
