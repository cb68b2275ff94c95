import { asyncScheduler, Observable, of, Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Credentials, CredentialsProvider, Login } from '../../lib/credentials/credentials.js';
import { CredentialsHolder } from '../../lib/credentials/credentials-holder.js';
import { Notices } from '../../lib/notices/notices.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function hold(provider: CredentialsProvider) {
  const notes: string[] = [];
  const holder = new CredentialsHolder({
    provider,
    scheduler: asyncScheduler,
    epochNow: () => Date.now(),
    notices: new Notices(({ text }) => notes.push(text)),
    subject: 'credentials',
  });
  const renewed: Login[] = [];
  holder.renewed$.subscribe((login) => renewed.push(login));
  return { holder, notes, renewed };
}

/** Gives `password-1`, `password-2`, … each valid for this time. */
function numbered(validMs = Infinity) {
  const calls: number[] = [];
  const provider = async (): Promise<Credentials> => {
    calls.push(Date.now());
    const password = `password-${calls.length}`;
    return validMs === Infinity ? { password } : { password, expiresAt: Date.now() + validMs };
  };
  return { calls, provider };
}

const passwords = (logins: readonly Login[]) => logins.map(({ password }) => password);

describe('a function that gives credentials', () => {
  test('is not called before a connection needs them, and once for a thousand that wait', async () => {
    const { calls, provider } = numbered();
    const { holder } = hold(provider);
    expect(calls).toEqual([]);
    const logins = await Promise.all(Array.from({ length: 1000 }, () => holder.login()));
    expect(calls).toHaveLength(1);
    expect(new Set(passwords(logins))).toEqual(new Set(['password-1']));
    expect(await holder.login()).toBe(logins[0]);
  });

  test('is called again when a fifth of the lifetime is left, and connections log in again', async () => {
    const { calls, provider } = numbered(100_000);
    const { holder, renewed } = hold(provider);
    await holder.login();
    await vi.advanceTimersByTimeAsync(79_999);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(2);
    expect(passwords(renewed)).toEqual(['password-2']);
    expect(await holder.login()).toMatchObject({ password: 'password-2' });
  });

  test('is called again a minute before the end of a long lifetime', async () => {
    const { calls, provider } = numbered(900_000);
    const { holder } = hold(provider);
    await holder.login();
    await vi.advanceTimersByTimeAsync(839_999);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(2);
  });

  test('that fails is called again after growing pauses, while the credentials before stay in use', async () => {
    const calls: number[] = [];
    const { holder, notes, renewed } = hold(async () => {
      calls.push(Date.now());
      if (calls.length > 1 && calls.length < 5) throw new Error('vault is sealed');
      return { password: `password-${calls.length}`, expiresAt: Date.now() + 10_000 };
    });
    const first = await holder.login();
    await vi.advanceTimersByTimeAsync(8000);
    expect(await holder.login()).toBe(first);
    await vi.advanceTimersByTimeAsync(700);
    expect(calls.slice(1).map((at) => at - (calls[1] ?? 0))).toEqual([0, 100, 300, 700]);
    expect(passwords(renewed)).toEqual(['password-5']);
    expect(notes).toEqual([
      'credentials: the app gave no credentials: vault is sealed; asked again with increasing pauses',
      'credentials: the app gives them again',
    ]);
  });

  test('that never gives any is called ten times in the first minute at most, however many connections ask', async () => {
    const calls: number[] = [];
    const { holder } = hold(() => {
      calls.push(Date.now());
      throw new Error('no vault');
    });
    const errors = new Set<string>();
    for (let ms = 0; ms < 60_000; ms += 50) {
      holder.login().catch((error: unknown) => errors.add(String(error)));
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(calls.length).toBeLessThanOrEqual(10);
    expect([...errors]).toEqual(['Error: the app gave no credentials: no vault']);
  });

  test('is called at once when a server refuses what it gave, once for all connections, and at most once a second', async () => {
    const { calls, provider } = numbered();
    const { holder, renewed } = hold(provider);
    const first = await holder.login();
    await vi.advanceTimersByTimeAsync(5000);
    holder.refused(first);
    holder.refused(first);
    const second = await Promise.all([holder.login(), holder.login()]);
    expect(passwords(second)).toEqual(['password-2', 'password-2']);
    expect(passwords(renewed)).toEqual(['password-2']);
    holder.refused(first);
    holder.refused(second[0]);
    expect(passwords([await holder.login()])).toEqual(['password-2']);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    holder.refused(second[0]);
    await holder.login();
    expect(calls).toHaveLength(3);
  });

  test('that gives the same again makes nobody log in again', async () => {
    const { holder, renewed } = hold(() => ({ password: 'same', expiresAt: new Date(Date.now() + 1000) }));
    const first = await holder.login();
    await vi.advanceTimersByTimeAsync(5000);
    expect(renewed).toEqual([]);
    expect(await holder.login()).toBe(first);
  });

  test('that goes on giving what has expired is called once a second, however many connections ask', async () => {
    const calls: number[] = [];
    const { holder } = hold(() => {
      calls.push(Date.now());
      return { password: `password-${calls.length}`, expiresAt: Date.now() - 60_000 };
    });
    for (let ms = 0; ms < 10_000; ms += 50) {
      await holder.login();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.length).toBeLessThanOrEqual(11);
  });

  test('that gives the same until it expires is called once a second at most', async () => {
    const expiresAt = Date.now() + 10_000;
    const calls: number[] = [];
    const { holder } = hold(() => {
      calls.push(Date.now());
      return { password: 'same', expiresAt };
    });
    await holder.login();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.length).toBeLessThanOrEqual(15);
  });

  test('that gives an expiry in a month arms no timer that overflows', async () => {
    const { calls, provider } = numbered(40 * 86_400_000);
    await hold(provider).holder.login();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(1);
  });
});

describe('an observable of credentials', () => {
  test('is subscribed to once, and what it emits makes connections log in again', async () => {
    const emitted$ = new Subject<Credentials>();
    const { holder, renewed } = hold(emitted$);
    const waiting = [holder.login(), holder.login()];
    emitted$.next({ username: 'app', password: 'one' });
    expect(await Promise.all(waiting)).toEqual([
      { username: 'app', password: 'one' },
      { username: 'app', password: 'one' },
    ]);
    emitted$.next({ username: 'app', password: 'two' });
    expect(renewed).toEqual([{ username: 'app', password: 'two' }]);
    expect(await holder.login()).toEqual({ username: 'app', password: 'two' });
  });

  test('whose credentials have expired leaves them in use, because there are no others', async () => {
    const emitted$ = new Subject<Credentials>();
    const { holder } = hold(emitted$);
    const waiting = holder.login();
    emitted$.next({ password: 'one', expiresAt: Date.now() + 1000 });
    await waiting;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await holder.login()).toMatchObject({ password: 'one' });
  });

  test('that completes leaves its last credentials in use', async () => {
    const { holder } = hold(of({ password: 'only' }));
    expect(await holder.login()).toMatchObject({ password: 'only' });
    expect(await holder.login()).toMatchObject({ password: 'only' });
  });
});

test.each([
  [{}, '"password" of the credentials is undefined; allowed is a non-empty string'],
  [
    { password: '' },
    '"password" of the credentials is a value of type string; allowed is a non-empty string',
  ],
  [
    { password: 'secret', username: 7 },
    '"username" of the credentials is a value of type number; allowed is a non-empty string',
  ],
  [
    { password: 'secret', expiresAt: 'soon' },
    'allowed is a Date or a number of milliseconds since the epoch',
  ],
  [{ password: 'secret', expires: 1 }, 'unknown "expires" of the credentials'],
])(
  'credentials that are not as they must be are named without what they contain: %j',
  async (given, message) => {
    const untyped: { read(): Credentials } = Object.assign(
      { read: () => ({ password: '' }) },
      { read: () => given },
    );
    const { holder } = hold(() => untyped.read());
    const failure = await holder.login().catch((error: unknown) => String(error));
    expect(failure).toContain(message);
    expect(failure).not.toContain('secret');
  },
);

test('a thousand connections are told one after the other within a second, and only of the latest login', async () => {
  const emitted$ = new Subject<Credentials>();
  const { holder } = hold(emitted$);
  const told: string[][] = Array.from({ length: 1000 }, () => []);
  const waiting = holder.login();
  told.forEach((each) => holder.renewed$.subscribe(({ password = '' }) => each.push(password)));
  emitted$.next({ password: 'one' });
  await waiting;
  emitted$.next({ password: 'two' });
  const countTold = () => told.filter((each) => each.length > 0).length;
  await vi.advanceTimersByTimeAsync(100);
  const before = countTold();
  expect(before).toBeGreaterThan(50);
  expect(before).toBeLessThan(300);
  emitted$.next({ password: 'three' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(new Set(told.map((each) => each.join()))).toEqual(new Set(['two,three', 'three']));
  expect(countTold()).toBe(1000);
  expect(vi.getTimerCount()).toBe(0);
});

describe('a holder that is closed', () => {
  test('asks nobody, and after it is opened again goes on with what it has, renewal included', async () => {
    const { calls, provider } = numbered(10_000);
    const { holder, renewed } = hold(provider);
    await holder.login();
    holder.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(await holder.login().catch((error: unknown) => String(error))).toBe(
      'Error: Connection is closed.',
    );
    holder.reopen();
    expect(await holder.login()).toMatchObject({ password: 'password-1' });
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(8000);
    expect(calls).toHaveLength(2);
    expect(passwords(renewed)).toEqual(['password-2']);
  });

  test('of an observable subscribes to it again after it is opened', async () => {
    const subscriptions = { now: 0, ever: 0 };
    const { holder } = hold(
      new Observable<Credentials>((subscriber) => {
        subscriptions.now += 1;
        subscriptions.ever += 1;
        subscriber.next({ password: `password-${subscriptions.ever}` });
        return () => (subscriptions.now -= 1);
      }),
    );
    await holder.login();
    holder.close();
    expect(subscriptions.now).toBe(0);
    holder.reopen();
    expect(await holder.login()).toMatchObject({ password: 'password-2' });
  });
});

test('closing ends what waits, and leaves no timer', async () => {
  const { holder } = hold(() => new Promise(() => undefined));
  const failure = holder.login().catch((error: unknown) => String(error));
  holder.close();
  expect(await failure).toBe('Error: Connection is closed.');
  const other = hold(numbered(1000).provider);
  await other.holder.login();
  other.holder.close();
  expect(vi.getTimerCount()).toBe(0);
});
