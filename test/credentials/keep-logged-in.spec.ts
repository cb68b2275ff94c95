import { asyncScheduler, BehaviorSubject, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Credentials, CredentialsProvider, Login } from '../../lib/credentials/credentials.js';
import { CredentialsHolder } from '../../lib/credentials/credentials-holder.js';
import { renewLogin } from '../../lib/credentials/keep-logged-in.js';
import { Notices } from '../../lib/notices/notices.js';
import { ReplyError } from '../../lib/wire/reply-error.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The app gives `password-0`, and `renewed()` a second later. */
function renewing(renewed: () => Credentials) {
  const calls: number[] = [];
  const startedAt = Date.now();
  const provider = async (): Promise<Credentials> => {
    const at = Date.now() - startedAt;
    calls.push(at - 1000);
    return at < 1000 ? { password: 'password-0', expiresAt: startedAt + 1250 } : renewed();
  };
  return { provider, calls };
}

/** A connection to `node` that has logged in; each login that it sends ends as `answer` says. */
async function connect(holder: CredentialsHolder, node: string, answer: (login: Login) => void) {
  const sent: { readonly at: number; readonly password: string | undefined }[] = [];
  const startedAt = Date.now();
  const renewal: Subscription = renewLogin(holder, { node, sent: await holder.login() }, async (login) => {
    sent.push({ at: Date.now() - startedAt - 1000, password: login.password });
    answer(login);
  }).subscribe();
  return { sent, close: () => renewal.unsubscribe() };
}

function hold(provider: CredentialsProvider) {
  const notes: string[] = [];
  const holder = new CredentialsHolder({
    provider,
    scheduler: asyncScheduler,
    epochNow: () => Date.now(),
    notices: new Notices(({ code, text }) => notes.push(`${code} ${text}`)),
    subject: 'credentials',
  });
  return { holder, notes };
}

const refuse = (message = 'WRONGPASS invalid username-password pair or user is disabled.') => {
  throw new ReplyError(message);
};

describe('a renewed login that a node refuses on an open connection', () => {
  test('is tried again after growing pauses until the node accepts it, and the app is asked at once and then once a second at most', async () => {
    const { provider, calls } = renewing(() => ({ password: 'password-1' }));
    const { holder, notes } = hold(provider);
    const { sent } = await connect(holder, 'node-1:6379', () => Date.now() < endsAt && refuse());
    const endsAt = Date.now() + 1000 + 5000;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1500, 3100, 6300]);
    expect(new Set(sent.map(({ password }) => password))).toEqual(new Set(['password-1']));
    expect(calls).toEqual([-1000, 0, 0, 1500, 3100, 6300]);
    expect(notes).toEqual([
      'RR444 credentials: node-1:6379 refuses those that were renewed: WRONGPASS; open connections stay logged in with those before, and try again with increasing pauses',
      'RR445 credentials: node-1:6379 accepts those that were renewed',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is replaced at once by another that the app gives when it is asked once more', async () => {
    const passwords = ['outdated', 'right'];
    const { provider, calls } = renewing(() => ({ password: passwords.shift() ?? '' }));
    const { holder, notes } = hold(provider);
    const { sent } = await connect(
      holder,
      'node-1:6379',
      ({ password }) => password === 'outdated' && refuse(),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual([
      { at: 0, password: 'outdated' },
      { at: 0, password: 'right' },
    ]);
    expect(calls).toEqual([-1000, 0, 0]);
    expect(notes).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is tried again at most every 30 seconds in the end', async () => {
    const { provider, calls } = renewing(() => ({ password: 'password-1' }));
    const { holder } = hold(provider);
    const { sent } = await connect(holder, 'node-1:6379', () => refuse());
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sent.at(-1)?.at).toBe((sent.at(-2)?.at ?? 0) + 30_000);
    expect(sent.length).toBeLessThan(30);
    expect(calls.length).toBeLessThanOrEqual(sent.length + 1);
  });

  test('is tried again while the app fails to give another', async () => {
    const state = { given: 0 };
    const { provider } = renewing(() => {
      state.given += 1;
      if (state.given > 1) throw new Error('the vault is sealed');
      return { password: 'password-1' };
    });
    const { holder, notes } = hold(provider);
    const { sent } = await connect(holder, 'node-1:6379', () => sent.length < 4 && refuse());
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 300, 700]);
    expect(notes.map((note) => note.slice(0, 5))).toEqual(['RR444', 'RR440', 'RR445']);
  });

  test('is tried again by the connections to that node only, and told once for each node', async () => {
    const { provider } = renewing(() => ({ password: 'password-1' }));
    const { holder, notes } = hold(provider);
    const state = { accepts: false };
    const [one, other, late] = await Promise.all([
      connect(holder, 'node-1:6379', () => undefined),
      connect(holder, 'node-2:6379', () => state.accepts || refuse()),
      connect(holder, 'node-2:6379', () => state.accepts || refuse()),
    ]);
    await vi.advanceTimersByTimeAsync(1000 + 500);
    expect([one.sent.length, other.sent.length, late.sent.length]).toEqual([1, 3, 3]);
    state.accepts = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([one.sent.length, other.sent.length, late.sent.length]).toEqual([1, 4, 4]);
    expect(notes.map((note) => note.slice(0, 30))).toEqual([
      'RR444 credentials: node-2:6379',
      'RR445 credentials: node-2:6379',
    ]);
  });

  test('has the app asked as often for a thousand connections as for one, and they log in one after the other', async () => {
    const { provider, calls } = renewing(() => ({ password: 'password-1' }));
    const { holder, notes } = hold(provider);
    const connections = await Promise.all(
      Array.from({ length: 1000 }, () =>
        connect(holder, 'node-1:6379', () => Date.now() < endsAt && refuse()),
      ),
    );
    const endsAt = Date.now() + 1000 + 5000;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(calls.length).toBeLessThanOrEqual(7);
    const times = connections.flatMap(({ sent }) => sent.map(({ at }) => at));
    const inOneTurn = Math.max(...times.map((at) => times.filter((each) => each === at).length));
    expect(inOneTurn).toBeLessThanOrEqual(6);
    expect(connections.every(({ sent }) => (sent.at(-1)?.at ?? 0) >= 5000)).toBe(true);
    expect(notes.filter((note) => note.startsWith('RR444'))).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not tried again after the connection has ended', async () => {
    const { provider, calls } = renewing(() => ({ password: 'password-1' }));
    const { holder } = hold(provider);
    const { sent, close } = await connect(holder, 'node-1:6379', () => refuse());
    await vi.advanceTimersByTimeAsync(1000 + 500);
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.map(({ at }) => at)).toEqual([0, 100, 300]);
    expect(calls).toEqual([-1000, 0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is given up for the next that the app gives, whose pauses begin anew', async () => {
    const emitted$ = new BehaviorSubject<Credentials>({ password: 'password-0' });
    const { holder } = hold(emitted$);
    const { sent } = await connect(holder, 'node-1:6379', () => refuse());
    await vi.advanceTimersByTimeAsync(1000);
    emitted$.next({ password: 'password-1' });
    await vi.advanceTimersByTimeAsync(1000);
    emitted$.next({ password: 'password-2' });
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toEqual([
      ...[0, 100, 300, 700].map((at) => ({ at, password: 'password-1' })),
      ...[1000, 1100, 1300].map((at) => ({ at, password: 'password-2' })),
    ]);
    holder.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test.each([
  ['ERR AUTH <password> called without any password configured for the default user.', 1],
  ['NOAUTH Authentication required.', 4],
  ['NOPERM this user has no permissions to run the command', 4],
  ['LOADING Redis is loading the dataset in memory', 4],
])('a login that is answered by "%s" is sent %i times in half a second', async (message, times) => {
  const emitted$ = new BehaviorSubject<Credentials>({ password: 'password-0' });
  const { holder, notes } = hold(emitted$);
  const { sent } = await connect(holder, 'node-1:6379', () => sent.length < 4 && refuse(message));
  emitted$.next({ password: 'password-1' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toHaveLength(times);
  expect(notes).toHaveLength(times === 1 ? 0 : 2);
  expect(notes.join()).not.toMatch(/password/);
});

test('a login that was not sent, or whose reply was lost, is sent again, and the app is not asked for another', async () => {
  const { provider, calls } = renewing(() => ({ password: 'password-1' }));
  const { holder, notes } = hold(provider);
  const { sent } = await connect(holder, 'node-1:6379', () => {
    if (sent.length < 3) throw new Error('Connection in subscriber mode');
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent.map(({ at }) => at)).toEqual([0, 100, 300]);
  expect(calls).toEqual([-1000, 0]);
  expect(notes).toEqual([]);
});
