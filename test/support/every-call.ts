import type { Redis } from 'ioredis';

type Issue = (redis: Redis) => readonly Promise<unknown>[];

/** One call of each kind that ioredis has, with all promises that it returns. */
export const everyCall: Readonly<Record<string, Issue>> = {
  command: (redis) => [redis.set('key', 'value'), redis.get('key'), redis.call('PING')],
  callback: (redis) => [new Promise((resolve) => void redis.get('key', () => resolve(undefined)))],
  pipeline: (redis) => [redis.pipeline().set('key', 'value').get('key').incr('key').exec()],
  'pipeline with a foreign cursor': (redis) => [redis.pipeline().get('key').scan('77').get('key').exec()],
  'pipeline with a refused member': (redis) => [redis.pipeline().get('key').call('RESET').get('key').exec()],
  'pipeline with SELECT': (redis) => [redis.pipeline().select(1).get('key').select(0).exec()],
  transaction: (redis) => [redis.multi().set('key', 'value').get('key').exec()],
  'transaction with a refused member': (redis) => [redis.multi().set('key', 'value').call('RESET').exec()],
  'transaction one by one': (redis) => [
    redis.multi({ pipeline: false }),
    redis.set('key', 'value'),
    redis.exec(),
  ],
  'transaction that is discarded': (redis) => [redis.multi({ pipeline: false }), redis.discard()],
  watch: (redis) => [redis.watch('key'), redis.multi().set('key', 'value').exec(), redis.unwatch()],
  'blocking commands': (redis) => [
    redis.blpop('list', 0),
    redis.xread('BLOCK', 0, 'STREAMS', 'stream', '$'),
    redis.wait(1, 0),
  ],
  'connection state': (redis) => [
    redis.select(2),
    redis.client('SETNAME', 'name'),
    redis.client('NO-EVICT', 'ON'),
    redis.call('AUTH', 'password'),
    redis.readonly(),
    redis.call('HELLO'),
  ],
  'refused commands': (redis) => [redis.call('MONITOR'), redis.call('CLIENT', 'REPLY', 'OFF'), redis.reset()],
  subscriptions: (redis) => [
    redis.subscribe('a', 'b'),
    redis.psubscribe('c*'),
    redis.unsubscribe('a'),
    redis.punsubscribe(),
  ],
  'shard subscriptions': (redis) => [redis.ssubscribe('a'), redis.sunsubscribe('a')],
  publish: (redis) => [redis.publish('channel', 'message')],
  script: (redis) => {
    redis.defineCommand('mine', { numberOfKeys: 0, lua: 'return 1' });
    const mine: unknown = Reflect.get(redis, 'mine');
    const called: unknown = typeof mine === 'function' ? Reflect.apply(mine, redis, []) : undefined;
    return [redis.eval('return 1', 0), Promise.resolve(called)];
  },
  'scan stream': (redis) => [
    new Promise((resolve) => {
      const stream = redis.scanStream();
      stream.on('data', () => undefined);
      stream.on('error', resolve).on('end', resolve);
    }),
  ],
  monitor: (redis) => [redis.monitor().then((monitor) => monitor.disconnect())],
  duplicate: (redis) => [redis.duplicate().get('key')],
  reports: (redis) => [redis.info(), redis.config('GET', 'x'), redis.call('CLIENT', 'INFO')],
  quit: (redis) => [redis.get('key'), redis.quit(), redis.get('key')],
};
