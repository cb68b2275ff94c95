import { Observable, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { forEachNode } from '../../lib/stream/for-each-node.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';

/** Lists of names in; what began, ended and was said by each node out. */
function start() {
  const lists$ = new Subject<readonly Endpoint[]>();
  const nodes = new Map<string, Subject<string>>();
  const log: string[] = [];
  const observe = (endpoint: Endpoint) =>
    new Observable<string>((subscriber) => {
      const name = formatEndpoint(endpoint);
      const says$ = new Subject<string>();
      nodes.set(name, says$);
      log.push(`${name} begins`);
      subscriber.add(says$.subscribe(subscriber));
      subscriber.add(() => log.push(`${name} ends`));
    });
  const subscription = lists$.pipe(forEachNode(observe)).subscribe((value) => log.push(value));
  return {
    log,
    subscription,
    list: (...names: string[]) => lists$.next(names.map(parseEndpoint)),
    say: (name: string, text: string) => nodes.get(name)?.next(text),
    isListened: () => lists$.observed,
  };
}

test('a node that joins is begun, one that leaves is ended, one that stays is left alone', () => {
  const { list, log } = start();
  list('a:1', 'b:1');
  list('b:1', 'c:1');
  list('c:1', 'b:1');
  expect(log).toEqual(['a:1 begins', 'b:1 begins', 'a:1 ends', 'c:1 begins']);
});

test('what all nodes say is passed on, and nothing of one that left', () => {
  const { list, say, log } = start();
  list('a:1', 'b:1');
  say('b:1', 'one');
  say('a:1', 'two');
  list('b:1');
  say('a:1', 'three');
  say('b:1', 'four');
  expect(log.slice(2)).toEqual(['one', 'two', 'a:1 ends', 'four']);
});

test('a node that left and joins again is begun anew', () => {
  const { list, log } = start();
  list('a:1');
  list();
  list('a:1');
  expect(log).toEqual(['a:1 begins', 'a:1 ends', 'a:1 begins']);
});

test('an endpoint that is listed twice is one node', () => {
  const { list, log } = start();
  list('a:1', 'a:1');
  expect(log).toEqual(['a:1 begins']);
});

test('unsubscribed from, it ends all nodes and the list', () => {
  const { list, log, subscription, isListened } = start();
  list('a:1', 'b:1');
  subscription.unsubscribe();
  expect(log.slice(2).toSorted()).toEqual(['a:1 ends', 'b:1 ends']);
  expect(isListened()).toBe(false);
});
