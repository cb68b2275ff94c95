import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NotAppliedError, UnknownOutcomeError } from '../../lib/connections/outcomes/errors.js';
import { readClusterView } from '../../lib/cluster/cluster-view.js';
import { Redirections } from '../../lib/cluster/redirections.js';
import { RoutingTable } from '../../lib/cluster/routing-table.js';
import { nextShards } from '../../lib/cluster/shards.js';
import type { Endpoint } from '../../lib/topology/endpoint.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setStage() {
  const table = new RoutingTable();
  const view = (slots: string) =>
    readClusterView(
      `a a:1@2 master - 0 1 1 connected 0-99\nb b:1@2 master - 0 1 1 connected 100-199${slots}`,
      [],
      { host: 'a', port: 1 },
    );
  const learn = (slots = '') => table.fill(nextShards([], view(slots)));
  learn();
  const asked: (Endpoint | undefined)[] = [];
  const calls: string[] = [];
  let state: 'running' | 'closed' = 'running';
  const redirections = new Redirections({
    table,
    refresh: (endpoint) => asked.push(endpoint),
    isRunning: () => state === 'running',
    limitMs: 1000,
  });
  const handlers = {
    moved: (slot: number, key: string) => calls.push(`moved ${slot} ${key}`),
    ask: (slot: number, key: string) => calls.push(`ask ${slot} ${key}`),
    tryagain: () => calls.push('again'),
    maxRedirections: ({ message }: Error) => calls.push(`rejected: ${message}`),
    defaults: () => calls.push('as it is'),
  };
  const command = {};
  return {
    table,
    asked,
    calls,
    redirections,
    learn,
    close: () => (state = 'closed'),
    answer: (message: string, of: object = command) =>
      redirections.handle(Object.assign(new Error(message), { command: { name: 'set' } }), of, handlers),
    end: (error: Error) => redirections.handle(error, command, handlers),
    answerPipeline: (message: string) =>
      redirections.handle({ name: 'ReplyError', message }, command, handlers),
  };
}

test('a command goes at once where a known node sends it, and the slots are asked for', () => {
  const { answer, calls, asked, table } = setStage();
  answer('MOVED 5 b:1');
  answer('ASK 6 b:1');
  expect(calls).toEqual(['moved 5 shard-b:1', 'ask 6 shard-b:1']);
  expect(asked).toEqual([undefined, undefined]);
  expect([table.keyOf(5), table.keyOf(6)]).toEqual(['shard-b:1', 'shard-a:1']);
});

test('an unknown node is asked itself, and the command waits until it is known', () => {
  const { answer, calls, asked, learn } = setStage();
  answer('MOVED 5 c:1');
  expect(asked).toEqual([{ host: 'c', port: 1 }]);
  expect(calls).toEqual([]);
  learn('\nc c:1@2 master - 0 1 1 connected 200-299');
  vi.advanceTimersByTime(5);
  expect(calls).toEqual(['moved 5 shard-c:1']);
});

test('nodes that send a command to and fro are followed less and less often, until its time is over', () => {
  const { answer, calls } = setStage();
  for (let count = 0; count < 200 && !calls.at(-1)?.startsWith('rejected'); count += 1) {
    answer('MOVED 5 b:1');
    vi.advanceTimersByTime(60);
  }
  expect(calls.length).toBeLessThan(30);
  expect(calls.at(-1)).toMatch(
    /^rejected: SET was not applied: redirected for 1000 ms; the last answer was: MOVED 5 b:1/,
  );
});

test('what can succeed later is sent again later', () => {
  const { answer, calls } = setStage();
  answer('TRYAGAIN Multiple keys request during rehashing of slot');
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(5);
  answer('CLUSTERDOWN Hash slot not served');
  vi.advanceTimersByTime(5);
  expect(calls).toEqual(['again', 'again']);
});

test('a command that has ended meanwhile is not sent again', () => {
  const { answer, end, calls } = setStage();
  answer('TRYAGAIN');
  end(new Error('Command timed out'));
  vi.advanceTimersByTime(100);
  expect(calls).toEqual(['as it is']);
});

describe('an outcome is final', () => {
  const outcome = { command: 'set', generation: 1, reason: 'MOVED 5 b:1' };
  test.each([new UnknownOutcomeError(outcome), new NotAppliedError(outcome)])('$name', (error) => {
    const { end, calls } = setStage();
    end(error);
    vi.advanceTimersByTime(100);
    expect(calls).toEqual(['as it is']);
  });
});

test('what waited for a shard that is gone goes elsewhere, unless the app has closed the connection', () => {
  const { end, close, calls } = setStage();
  const error = new NotAppliedError({ command: 'set', generation: 1, reason: 'Connection is closed.' });
  end(error);
  vi.advanceTimersByTime(5);
  close();
  end(error);
  expect(calls).toEqual(['again', 'as it is']);
});

test('when the connection is closed, commands that wait are rejected, and pipelines are issued to be refused', () => {
  const { answer, answerPipeline, redirections, calls } = setStage();
  answer('TRYAGAIN', {});
  answerPipeline('TRYAGAIN');
  redirections.end();
  expect(calls).toEqual(['rejected: Connection is closed.', 'again']);
  vi.advanceTimersByTime(1000);
  expect(calls).toHaveLength(2);
});
