import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { parked } from '../../../lib/connections/ioredis/parked.js';

/** Whether V8 runs code that was optimized for one object for the other as well. */
function haveOneShape(a: object, b: object): unknown {
  setFlagsFromString('--allow-natives-syntax');
  const compare: unknown = runInThisContext('(a, b) => %HaveSameMap(a, b)');
  return typeof compare === 'function' && Reflect.apply(compare, undefined, [a, b]);
}

test('connections with a view stay of one shape, so that V8 optimizes what ioredis does with them', () => {
  const connections = [new Redis({ lazyConnect: true }), new Redis({ lazyConnect: true })] as const;
  connections.forEach((each) => parked(each));
  expect(haveOneShape(...connections)).toBe(true);
});

test('what is changed on the view does not change the connection', () => {
  const redis = new Redis({ lazyConnect: true });
  const view = parked(redis);
  view.status = 'ready';
  expect([view.status, redis.status]).toEqual(['ready', 'wait']);
  expect(view).toBeInstanceOf(Redis);
});
