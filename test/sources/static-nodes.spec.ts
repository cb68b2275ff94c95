import { firstValueFrom, NEVER, of, Subject, takeUntil, toArray, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { staticNodes } from '../../lib/sources/static-nodes.js';

const context = {
  observations$: NEVER,
  signals$: NEVER,
  seeking$: of(false),
  scheduler: new VirtualTimeScheduler(),
};

test('emits the list once, in order, and never completes', async () => {
  const end$ = new Subject<void>();
  const lists$ = staticNodes(['10.0.0.1:6379', 'rediss://cache', '[::1]:6380'])(context);
  const lists = firstValueFrom(lists$.pipe(takeUntil(end$), toArray()));
  end$.next();
  expect(await lists).toEqual([
    [
      { host: '10.0.0.1', port: 6379 },
      { host: 'cache', port: 6379, tls: true },
      { host: '::1', port: 6380 },
    ],
  ]);
});

describe('the call throws an error that names the source', () => {
  test.each<[string, unknown, string]>([
    ['empty', [], 'staticNodes: the list of nodes is empty; name at least one "host:port"'],
    [
      'no list',
      '10.0.0.1:6379',
      'staticNodes: the list of nodes is a string with ":"; allowed is a list such as ["host:port"]',
    ],
    ['a URL', 'redis://app:s3cret@a', 'staticNodes: the list of nodes is a URL; allowed is a list'],
    ['absent', undefined, 'staticNodes: the list of nodes is undefined; allowed is a list such as'],
    [
      'with a malformed node',
      ['a:1', 'cache'],
      'staticNodes: node 2 is not an endpoint: it has no port; allowed are ',
    ],
    [
      'with a node named twice',
      ['a:1', 'b:1', 'A:1'],
      'staticNodes: "a:1" is named twice; name each node once',
    ],
    ['with the same node as URL', ['a:6379', 'redis://a'], 'staticNodes: "a:6379" is named twice'],
    [
      'with a number',
      [6379],
      'staticNodes: node 1 is 6379, not an endpoint; allowed is a string such as "host:port"',
    ],
    ['with nothing in it', [undefined], 'staticNodes: node 1 is undefined, not an endpoint'],
  ])('if it is %s', (_, nodes, message) => {
    const build = (): unknown => Reflect.apply(staticNodes, undefined, [nodes]);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(message);
  });

  test('without the credential in the message', () => {
    const build = () => staticNodes(['redis://app:s3cret@cache:6379']);
    expect(build).toThrow(
      'staticNodes: node 1 is not an endpoint: it is a URL with a user or a password in it',
    );
    expect(build).not.toThrow('s3cret');
  });
});
