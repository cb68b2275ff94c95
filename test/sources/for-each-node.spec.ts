import { Observable, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { forEachNode } from '../../lib/sources/for-each-node.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';

/** Takes lists of names; records when each node begins and ends, and what it emits. */
function start() {
  const lists$ = new Subject<readonly Endpoint[]>();
  const emitters = new Map<string, Subject<string>>();
  const log: string[] = [];
  const observe = (endpoint: Endpoint) =>
    new Observable<string>((subscriber) => {
      const name = formatEndpoint(endpoint);
      const values$ = new Subject<string>();
      emitters.set(name, values$);
      log.push(`${name} begins`);
      subscriber.add(values$.subscribe(subscriber));
      subscriber.add(() => log.push(`${name} ends`));
    });
  const subscription = lists$.pipe(forEachNode(observe)).subscribe((value) => log.push(value));
  return {
    log,
    subscription,
    listNodes: (...nodes: readonly Endpoint[]) => lists$.next(nodes),
    list: (...names: string[]) => lists$.next(names.map(parseEndpoint)),
    emit: (name: string, text: string) => emitters.get(name)?.next(text),
    isListened: () => lists$.observed,
  };
}

test('a node that joins is subscribed to, one that leaves is unsubscribed from, one that stays is kept', () => {
  const { list, log } = start();
  list('a:1', 'b:1');
  list('b:1', 'c:1');
  list('c:1', 'b:1');
  expect(log).toEqual(['a:1 begins', 'b:1 begins', 'a:1 ends', 'c:1 begins']);
});

test('what all nodes emit is passed on, except from a node that left', () => {
  const { list, emit, log } = start();
  list('a:1', 'b:1');
  emit('b:1', 'one');
  emit('a:1', 'two');
  list('b:1');
  emit('a:1', 'three');
  emit('b:1', 'four');
  expect(log.slice(2)).toEqual(['one', 'two', 'a:1 ends', 'four']);
});

test('a node that left and joins again is subscribed to again', () => {
  const { list, log } = start();
  list('a:1');
  list();
  list('a:1');
  expect(log).toEqual(['a:1 begins', 'a:1 ends', 'a:1 begins']);
});

test('a node that is to be reached with TLS from now on is subscribed to again', () => {
  const { list, log } = start();
  list('redis://a:1', 'b:1');
  list('rediss://a:1', 'b:1');
  list('rediss://a:1', 'b:1');
  expect(log).toEqual(['a:1 begins', 'b:1 begins', 'a:1 ends', 'a:1 begins']);
});

test('a node whose certificate is to be verified against another name is kept, because its connection was verified', () => {
  const { listNodes, log } = start();
  const [node] = ['rediss://a:1'].map(parseEndpoint);
  if (node === undefined) throw new Error('no node');
  listNodes({ ...node, servername: 'primary' });
  listNodes({ ...node, servername: 'reader' });
  expect(log).toEqual(['a:1 begins']);
});

test('an endpoint that is listed twice is one node', () => {
  const { list, log } = start();
  list('a:1', 'a:1');
  expect(log).toEqual(['a:1 begins']);
});

test('unsubscribing ends all nodes and the list', () => {
  const { list, log, subscription, isListened } = start();
  list('a:1', 'b:1');
  subscription.unsubscribe();
  expect(log.slice(2).toSorted()).toEqual(['a:1 ends', 'b:1 ends']);
  expect(isListened()).toBe(false);
});
