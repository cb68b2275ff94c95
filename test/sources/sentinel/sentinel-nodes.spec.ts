import { asyncScheduler, BehaviorSubject, defer, NEVER, retry, startWith, Subject, tap } from 'rxjs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sentinelNodes, type Credentials } from 'nestjs-redis-replication';
import type { SourceNode } from '../../../lib/sources/node-source.js';
import { formatEndpoint } from '../../../lib/topology/endpoint.js';
import type { Observation } from '../../../lib/topology/observation.js';
import { startFakeNode } from '../../support/fake-node.js';
import { startFakeRedis } from '../../support/fake-redis.js';
import { startFakeSentinel, type FakeSentinel } from '../../support/fake-sentinel.js';
import { findFreePort } from '../../../lib/testing/servers/free-port.js';
import { bulk, error } from '../../support/resp.js';
import { until } from '../../../lib/testing/servers/until.js';
import { textOf } from '../../support/text-of.js';

type Options = Partial<Parameters<typeof sentinelNodes>[0]>;

const nodes = ['127.0.0.1:7001', '127.0.0.1:7002'];

/** A source that runs, and what it has emitted and told. */
function run(sentinels: readonly string[], options: Options = {}) {
  const lists: (readonly SourceNode[])[] = [];
  const errors: string[] = [];
  const told: string[] = [];
  const probe = vi.fn();
  const seeking$ = new BehaviorSubject(false);
  const source = sentinelNodes({ name: 'main', sentinels, ...options });
  const subscription = source({
    observations$: new Subject<Observation>(),
    signals$: NEVER,
    seeking$,
    scheduler: asyncScheduler,
    probe,
    notices: {
      raise: (topic, line) => told.push(`raise ${topic}: ${textOf(line)}`),
      end: (topic, line) => told.push(`end ${topic}: ${textOf(line)}`),
    },
  }).subscribe({
    next: (list) => lists.push(list),
    error: (reason: unknown) => errors.push(reason instanceof Error ? reason.message : String(reason)),
  });
  onTestFinished(() => subscription.unsubscribe());
  return {
    lists,
    errors,
    told,
    probe,
    seeking$,
    close: () => subscription.unsubscribe(),
    names: () => (lists.at(-1) ?? []).map(formatEndpoint),
    intended: () => (lists.at(-1) ?? []).filter((node) => node.intended === 'master').map(formatEndpoint),
  };
}

/** Fake Sentinels that list these nodes and one another. */
async function startThree(): Promise<readonly [FakeSentinel, FakeSentinel, FakeSentinel]> {
  const all = [
    await startFakeSentinel({ nodes }),
    await startFakeSentinel({ nodes }),
    await startFakeSentinel({ nodes }),
  ] as const;
  onTestFinished(async () => void (await Promise.all(all.map((each) => each.stop()))));
  all.forEach((each) => acquaint(each, all));
  return all;
}

function acquaint(sentinel: FakeSentinel, all: readonly FakeSentinel[]): void {
  const others = all.filter((each) => each !== sentinel);
  sentinel.update({ others: others.map(({ id, endpoint }) => [id, endpoint] as const) });
}

describe('options', () => {
  const sentinels = ['127.0.0.1:26379'];

  test.each([
    [{ sentinels }, 'sentinelNodes: option "name" is undefined; allowed is a non-empty string'],
    [{ name: '', sentinels }, 'sentinelNodes: option "name" is ""; allowed is a non-empty string'],
    [
      { name: 'main' },
      'sentinelNodes: the list of Sentinels is undefined; allowed is a list such as ["host:port"]',
    ],
    [
      { name: 'main', sentinels, pasword: 'x' },
      'sentinelNodes: unknown option "pasword"; did you mean "password"?',
    ],
    [
      { name: 'main', sentinels, credentials: 'secret' },
      'sentinelNodes: option "credentials" is a string; allowed is a function or an observable of credentials',
    ],
    [
      { name: 'main', sentinels, credentials: () => ({ password: 'x' }), password: 'x' },
      'sentinelNodes: option "password" is set, and so is "credentials"; allowed is one of them',
    ],
    [
      { name: 'main', sentinels, tls: true },
      'sentinelNodes: option "tls" is true; allowed is an object with TLS options of Node.js, or a function that gives such',
    ],
  ])('%j are refused', (options, message) => {
    const given: unknown = options;
    expect(() => void Reflect.apply(sentinelNodes, undefined, [given])).toThrow(message);
  });

  test('a password of another type is refused without showing it', () => {
    const given: unknown = { name: 'main', sentinels, password: 20_231_125 };
    expect(() => void Reflect.apply(sentinelNodes, undefined, [given])).toThrow(
      'sentinelNodes: option "password" is a value of type number; allowed is a string',
    );
  });
});

describe('one Sentinel of the user', () => {
  test('is enough to learn all others, and all nodes', async () => {
    const [first, second, third] = await startThree();
    const { names, intended } = run([first.endpoint]);
    await until('the majority names the master', () => intended().length > 0);
    expect(names()).toEqual(nodes);
    expect(intended()).toEqual([nodes[0]]);
    await until('all are connected', () => second.connections === 1 && third.connections === 1);
  });

  test('that lies about the nodes and the master is outvoted, in whatever order they answer', async () => {
    const [liar, ...others] = await startThree();
    liar.update({ nodes: ['127.0.0.1:6666', ...nodes] });
    others.forEach((each) => each.hang());
    const { lists, names, intended } = run([liar.endpoint, ...others.map(({ endpoint }) => endpoint)]);
    await until('the liar was asked', () => liar.commands.some(([, word]) => word === 'REPLICAS'));
    others.forEach((each) => each.resume());
    await until('the majority names the master', () => intended().length > 0);
    expect(lists.flat().map(formatEndpoint)).not.toContain('127.0.0.1:6666');
    expect(names()).toEqual(nodes);
    expect(intended()).toEqual([nodes[0]]);
  });
});

describe('credentials that change', () => {
  const password = (word: string) => ({ username: 'app', password: word });

  test('are asked for once, and sent again on open connections', async () => {
    const all = await startThree();
    const given$ = new Subject<Credentials>();
    const subscriptions = { ever: 0 };
    const credentials = defer(() => {
      subscriptions.ever += 1;
      return given$.pipe(startWith(password('one')));
    });
    const { names } = run([all[0].endpoint], { credentials });
    await until('there is a list', () => names().length === 2);
    const loggedInBy = (word: string) => all.filter(({ commands }) => hasLogin(commands, word)).length;
    await until('all are logged in', () => loggedInBy('one') === 3);
    const opened = all.map(({ connections }) => connections);
    given$.next(password('two'));
    await until('all are logged in again', () => loggedInBy('two') === 3);
    expect(all.map(({ connections }) => connections)).toEqual(opened);
    expect(subscriptions.ever).toBe(1);
  });

  test('that a Sentinel refuses are asked for again, and not shown', async () => {
    const sentinel = await startFakeSentinel({
      nodes,
      onCommand: ([name, , , , word]) =>
        name?.toUpperCase() === 'HELLO' && word === 'secret-1'
          ? error('WRONGPASS secret-1 is wrong')
          : undefined,
    });
    onTestFinished(() => sentinel.stop());
    let calls = 0;
    const credentials = () => password(`secret-${(calls += 1)}`);
    const { names, errors } = run([sentinel.endpoint], { credentials });
    await until('it is told', () => errors.length > 0 || names().length > 0);
    expect(errors.join()).toContain('WRONGPASS');
    expect(errors.join()).toContain('"credentials"');
    expect(errors.join()).not.toContain('secret');
  });

  test('that the app does not give are asked for after a pause, also when the source is called again', async () => {
    const sentinel = await startFakeSentinel({ nodes });
    onTestFinished(() => sentinel.stop());
    const state = { calls: 0, sealed: true };
    const credentials = () => {
      state.calls += 1;
      if (state.sealed) throw new Error('the vault is sealed');
      return password('one');
    };
    const source = sentinelNodes({ name: 'main', sentinels: [sentinel.endpoint], credentials });
    const context = { observations$: NEVER, signals$: NEVER, seeking$: NEVER, scheduler: asyncScheduler };
    const failures: string[] = [];
    const running = source(context)
      .pipe(
        tap({ error: (reason: unknown) => failures.push(String(reason)) }),
        retry({ delay: 1, count: 20 }),
        tap({ error: () => (state.sealed = false) }),
        retry({ delay: 10 }),
      )
      .subscribe();
    onTestFinished(() => running.unsubscribe());
    await until('it is followed', () => hasLogin(sentinel.commands, 'one'));
    expect(failures.length).toBeGreaterThan(20);
    expect(failures[0]).toContain('the app gave no credentials: the vault is sealed');
    expect(state.calls).toBeLessThan(10);
  });
});

function hasLogin(commands: readonly (readonly string[])[], password: string): boolean {
  return commands.some(([name, ...words]) => name?.toUpperCase() === 'HELLO' && words.at(-1) === password);
}

describe('an event', () => {
  test('causes a new list and a probe', async () => {
    const [first, ...others] = await startThree();
    const { names, probe } = run([first.endpoint]);
    await until('there is a list', () => names().length === 2);
    await until('all are subscribed', () =>
      [first, ...others].every(({ commands }) => commands.some(([, channel]) => channel === '-tilt')),
    );
    probe.mockClear();
    [first, ...others].forEach((each) => each.update({ nodes: [...nodes, '127.0.0.1:7003'] }));
    [first, ...others].forEach((each) =>
      each.publish('+slave', 'slave 127.0.0.1:7003 127.0.0.1 7003 @ main 127.0.0.1 7001'),
    );
    await until('the new node is listed', () => names().includes('127.0.0.1:7003'), { timeoutMs: 3000 });
    expect(probe).toHaveBeenCalled();
  });

  test('of another group causes nothing', async () => {
    const [first] = await startThree();
    const { names, probe } = run([first.endpoint]);
    await until('there is a list', () => names().length === 2);
    probe.mockClear();
    first.publish('+switch-master', 'cache 127.0.0.1 1 127.0.0.1 2');
    first.publish('+sdown', 'master main 127.0.0.1 7001');
    await until('the event of this group has arrived', () => probe.mock.calls.length > 0);
    expect(probe).toHaveBeenCalledTimes(1);
  });

  test('that repeats without end causes ten probes a second at most', async () => {
    const [first] = await startThree();
    const { names, probe } = run([first.endpoint]);
    await until('there is a list', () => names().length === 2);
    probe.mockClear();
    const startedAt = performance.now();
    for (let count = 0; count < 5000; count++) {
      first.publish('+switch-master', 'main 127.0.0.1 7001 127.0.0.1 7002');
    }
    const asked = first.commands.length;
    await until('they have arrived', () => first.commands.length > asked);
    await until('probes were requested twice', () => probe.mock.calls.length > 1);
    const seconds = (performance.now() - startedAt) / 1000;
    expect(probe.mock.calls.length).toBeLessThanOrEqual(2 + 10 * seconds);
  });
});

describe('a Sentinel that cannot be used', () => {
  test('is told once, and its end once, while the others serve', async () => {
    const [first, second, third] = await startThree();
    const { names, told, seeking$ } = run([first, second, third].map(({ endpoint }) => endpoint));
    await until('there is a list', () => names().length === 2);
    third.refuseConnections();
    third.dropConnections();
    const raised = () => new Set(told.filter((text) => text.startsWith('raise')));
    await until('it is told', () => raised().size > 0);
    await third.acceptConnections();
    const isBack = () =>
      told.includes(`end Sentinel ${third.endpoint}: the Sentinel ${third.endpoint} is used again`);
    await until('it is back', isBack);
    expect([...raised()].join('\n')).toContain(
      `raise Sentinel ${third.endpoint}: the Sentinel ${third.endpoint} cannot be used: CLOSED, `,
    );
    seeking$.next(true);
    expect(names()).toEqual(nodes);
  });

  test('because it hangs, is left, and asked again on a new connection', async () => {
    const [first] = await startThree();
    const { names, told, seeking$ } = run([first.endpoint]);
    await until('there is a list', () => names().length === 2);
    first.hang();
    // It asks at once.
    seeking$.next(true);
    await until('it is told', () =>
      told.join().includes(`${first.endpoint} cannot be used: TIMEOUT, no reply within 1000 ms`),
    );
    first.resume();
    await until('it is back', () => told.join().includes(`${first.endpoint} is used again`));
  });

  test('because it speaks nonsense, is named, and costs a bounded time and memory', async () => {
    const flood = await startFakeSentinel({
      nodes,
      onCommand: ([, word]) => (word === 'REPLICAS' ? bulk('x'.repeat(2_000_000)) : undefined),
    });
    onTestFinished(() => flood.stop());
    const { errors } = run([flood.endpoint]);
    await until('it fails', () => errors.length > 0);
    expect(errors[0]).toMatch(
      /^sentinelNodes: no Sentinel can be used: .*: ERROR, the server sent more than is read: a reply of more than/,
    );
  });

  test('quotes no password', async () => {
    const quoting = await startFakeRedis({
      onCommand: (argv) => error(`ERR syntax error near: ${argv.join(' ')}`),
    });
    onTestFinished(() => quoting.stop());
    const { errors } = run([quoting.endpoint], { username: 'someone', password: 'hidden-secret' });
    await until('it fails', () => errors.length > 0);
    expect(errors.join()).not.toMatch(/hidden-secret|someone/);
  });
});

describe('an address that is wrong', () => {
  test('of a data node, is one error that says what was found and what is allowed', async () => {
    const node = await startFakeNode();
    onTestFinished(() => node.stop());
    const { errors } = run([node.endpoint]);
    await until('it fails', () => errors.length > 0);
    expect(errors).toEqual([
      `sentinelNodes: no Sentinel can be used: ${node.endpoint}: it is a master in mode standalone, ` +
        'not a Sentinel; allowed are the addresses of Sentinels, often at port 26379; ' +
        'the data nodes are found by themselves, or listed with staticNodes',
    ]);
  });

  test('at which nothing listens, is named', async () => {
    const endpoint = `127.0.0.1:${await findFreePort()}`;
    const { errors } = run([endpoint]);
    await until('it fails', () => errors.length > 0);
    expect(errors[0]).toContain(`${endpoint}: REFUSED, `);
  });
});

test('a Sentinel that knows no RESP3 and few commands serves without events', async () => {
  const old = await startFakeSentinel({
    nodes,
    onCommand: ([name = '', word = '']) =>
      /hello|subscribe|info/i.test(name) || /replicas|sentinels|myid/i.test(word)
        ? error(`ERR unknown command '${name} ${word}'`)
        : undefined,
  });
  onTestFinished(() => old.stop());
  const { names } = run([old.endpoint]);
  await until('there is a list', () => names().length > 0);
  expect(names()).toEqual([nodes[0]]);
  expect(old.commands.map(([, word]) => word)).toContain('SLAVES');
});

test('all connections are closed and nothing is asked any more when the source is left', async () => {
  const three = await startThree();
  const { names, close } = run([three[0].endpoint]);
  await until('there is a list', () => names().length === 2);
  await until('all are connected', () => three.every(({ connections }) => connections === 1));
  close();
  await until('all are closed', () => three.every(({ connections }) => connections === 0));
  const asked = three.map(({ commands }) => commands.length);
  three.forEach((each) => each.publish('+switch-master', 'main 127.0.0.1 1 127.0.0.1 2'));
  expect(three.map(({ commands }) => commands.length)).toEqual(asked);
});
