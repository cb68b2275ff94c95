import { failoverMatchers, startTraffic } from 'nestjs-redis-replication/testing';
import { describe, expect, test } from 'vitest';

expect.extend(failoverMatchers);

const report = { kind: 'traffic report', servedAt: [10, 20, 500, 510], failures: [], longestPauseMs: 480 };

describe('the matchers', () => {
  test('pass where all is well', () => {
    expect(report).toHaveNoFailedRequest();
    expect(report).toHaveGoneOnWithin(480);
    expect(report).toHaveGoneOnWithin(100, { promotedAt: 400 });
    expect(report).not.toHaveGoneOnWithin(479);
  });

  test.each([
    [[new Error('lost'), new Error('lost'), { status: 503 }], '3 failed: 2 × Error: lost; 1 × status 503'],
    [[{ kind: 'other' }], '1 failed: 1 × a result that is not served'],
  ])('tell which requests failed: %o', (failures, message) => {
    expect(() => expect({ ...report, failures }).toHaveNoFailedRequest()).toThrow(
      `expected no request to fail: ${message}, 4 were served`,
    );
  });

  test('do not pass where nothing was served', () => {
    const idle = { ...report, servedAt: [] };
    expect(() => expect(idle).toHaveNoFailedRequest()).toThrow('no request was made or served');
    expect(() => expect(idle).toHaveGoneOnWithin(1000)).toThrow(
      'expected requests to be served again within 1000 ms',
    );
    expect(() => expect(report).toHaveGoneOnWithin(1000, { promotedAt: 511 })).toThrow(
      'for ever, since none was served',
    );
    expect(() => expect(report).toHaveGoneOnWithin(99, { promotedAt: 400 })).toThrow(
      'within 99 ms after the promotion, but it took 100 ms',
    );
    expect(() => expect(report).not.toHaveNoFailedRequest()).toThrow('expected a request to fail');
  });

  test('refuse what is no report, such as a promise of one', () => {
    expect(() => expect(Promise.resolve(report)).toHaveNoFailedRequest()).toThrow('did you forget "await"?');
  });
});

describe('traffic', () => {
  test('goes on while requests are under way, up to a limit, and waits for them at its end', async () => {
    const open: ((text: string) => void)[] = [];
    const waiting = () => new Promise<string>((resolve) => open.push(resolve));
    const traffic = startTraffic(waiting, { everyMs: 1, maxUnderWay: 3 });
    await expect.poll(() => open.length).toBe(3);
    open.splice(0).forEach((answer) => answer('served'));
    await traffic.whenServed(0);
    await expect.poll(() => open.length).toBe(3);
    const stopped = traffic.stop();
    open.forEach((answer) => answer('served'));
    const { servedAt, failures } = await stopped;
    expect([servedAt.length, failures]).toEqual([6, []]);
  });

  test('tells errors and bad statuses from what is served', async () => {
    const results = [{ status: 200 }, { statusCode: 204 }, { status: 404 }, new Error('lost'), 'text'];
    const left = [...results];
    const traffic = startTraffic(
      () => {
        const next = left.shift();
        if (next instanceof Error) throw next;
        return next;
      },
      { everyMs: 1 },
    );
    await expect.poll(() => left.length).toBe(0);
    const { servedAt, failures } = await traffic.stop();
    expect(servedAt.length).toBeGreaterThanOrEqual(3);
    expect(failures).toEqual([{ status: 404 }, new Error('lost')]);
  });

  test('lets a test say what is served', async () => {
    const asked: string[] = [];
    const isServed = (text: string) => asked.push(text) < 0;
    const traffic = startTraffic(() => 'no', { everyMs: 1, isServed });
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    const { servedAt, failures } = await traffic.stop();
    expect([servedAt, failures]).toEqual([[], asked]);
  });

  test('refuses options that are not allowed', () => {
    expect(() => startTraffic(() => 1, { everyMs: -1 })).toThrow(
      'startTraffic: option "everyMs" is -1; allowed is',
    );
  });
});
