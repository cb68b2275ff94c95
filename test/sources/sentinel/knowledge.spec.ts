import { describe, expect, test } from 'vitest';
import { MAX_NODES } from '../../../lib/sources/sentinel/conclusion.js';
import {
  firstKnowledge,
  learn,
  whyNoNodes,
  type Knowledge,
} from '../../../lib/sources/sentinel/knowledge.js';
import type { Listing } from '../../../lib/sources/sentinel/listing.js';
import { formatEndpoint, parseEndpoint } from '../../../lib/topology/endpoint.js';
import type { Observation } from '../../../lib/topology/observation.js';

/** Three Sentinels, called s1 to s3, of which each lists the two others; `lists` and `fails` make one speak. */
function listenTo(...named: readonly string[]) {
  let knowledge = firstKnowledge(named.map((name) => parseEndpoint(`${name}:1`)));
  const hear = (name: string, word: Listing | string) => {
    knowledge = learn(knowledge, {
      kind: 'word',
      endpoint: parseEndpoint(`${name}:1`),
      word: typeof word === 'string' ? { kind: 'failing', reason: word } : { kind: 'listing', listing: word },
    });
  };
  const observe = (node: string, result: Result) => {
    const common = { endpoint: parseEndpoint(node), at: 1, signal: { kind: 'poll', at: 1 } } as const;
    const observation: Observation = { ...common, ...result };
    knowledge = learn(knowledge, { kind: 'observed', observation });
  };
  return {
    lists: (name: string, nodes: readonly string[], more: Partial<Listing> = {}) =>
      hear(name, { ...listing(name, nodes), ...more }),
    fails: (name: string, reason = 'REFUSED') => hear(name, reason),
    answers: (node: string, id: string, previous?: string) =>
      observe(node, {
        kind: 'answered',
        report: {
          role: 'replica',
          named: [],
          history: { id, ...(previous !== undefined && { previous: { id: previous, from: 1 } }) },
        },
      }),
    isSilent: (node: string) => observe(node, { kind: 'faulty', fault: 'REFUSED', message: 'refused' }),
    nodes: () => knowledge.conclusion.nodes.map(formatEndpoint),
    intended: () => knowledge.conclusion.intended,
    knowledge: (): Knowledge => knowledge,
  };
}

type Result =
  | Pick<Extract<Observation, { kind: 'answered' }>, 'kind' | 'report'>
  | Pick<Extract<Observation, { kind: 'faulty' }>, 'kind' | 'fault' | 'message'>;

const three = ['s1', 's2', 's3'];

function listing(name: string, nodes: readonly string[]): Listing {
  const [master] = nodes.map(parseEndpoint);
  const others = three.filter((each) => each !== name);
  return {
    id: name,
    mode: 'normal',
    nodes: nodes.map(parseEndpoint),
    others: others.map((id) => ({ id, endpoint: parseEndpoint(`${id}:1`) })),
    ...(master && { master }),
  };
}

describe('the first list', () => {
  test('waits for more than half of the Sentinels', () => {
    const group = listenTo(...three);
    group.lists('s1', ['a:1', 'b:1']);
    expect(group.nodes()).toEqual([]);
    group.lists('s2', ['a:1', 'b:1']);
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
  });

  test('waits no longer once all others have failed', () => {
    const group = listenTo(...three);
    group.lists('s1', ['a:1', 'b:1']);
    group.fails('s2');
    expect(group.nodes()).toEqual([]);
    group.fails('s3');
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
  });

  test('does not contain what the first to answer makes up', () => {
    const group = listenTo(...three);
    group.lists('s1', ['evil:1', 'b:1']);
    group.lists('s2', ['a:1', 'b:1']);
    group.lists('s3', ['a:1', 'b:1']);
    expect(group.nodes()).toEqual(['b:1', 'a:1']);
  });
});

describe('a node', () => {
  test('comes if more than half of the Sentinels that answer list it, and stays while half of them do', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1']));
    group.lists('s1', ['a:1', 'b:1', 'c:1']);
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
    group.fails('s3');
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
    group.lists('s2', ['a:1', 'b:1', 'c:1']);
    expect(group.nodes()).toEqual(['a:1', 'b:1', 'c:1']);
    group.lists('s1', ['a:1', 'b:1']);
    expect(group.nodes()).toEqual(['a:1', 'b:1', 'c:1']);
  });

  test('is used although no two Sentinels agree on any, because then the nodes decide', () => {
    const group = listenTo('s1', 's2');
    group.lists('s1', ['a:1', 'b:1'], { others: [] });
    group.lists('s2', ['c:1', 'd:1'], { others: [] });
    expect(group.nodes()).toEqual(['a:1', 'b:1', 'c:1', 'd:1']);
    expect(group.intended()).toBeUndefined();
  });

  test('stays although one Sentinel does not list it any more', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1']));
    group.lists('s1', ['a:1']);
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
  });

  test('leaves when most do not list it any more', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1']));
    group.lists('s1', ['a:1']);
    group.lists('s2', ['a:1']);
    expect(group.nodes()).toEqual(['a:1']);
  });

  test('stays in any case while no Sentinel answers', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1']));
    three.forEach((each) => group.fails(each));
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
    expect(group.intended()).toBe('a:1');
  });

  test('stays while it answers and replicates with those that are listed, as after a restart of all Sentinels', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1', 'c:1']));
    group.answers('a:1', 'history');
    group.answers('b:1', 'promoted', 'history');
    group.answers('c:1', 'stranger');
    three.forEach((each) => group.lists(each, ['a:1']));
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
    group.isSilent('b:1');
    expect(group.nodes()).toEqual(['a:1']);
  });

  test('is one of 32 at most, and the others are counted', () => {
    const group = listenTo('s1');
    const flood = Array.from({ length: 100 }, (_none, index) => `n${index}:1`);
    group.lists('s1', flood, { others: [] });
    expect(group.nodes()).toEqual(flood.slice(0, MAX_NODES));
    expect(group.knowledge().conclusion.excess).toBe(100 - MAX_NODES);
  });
});

describe('the intended master', () => {
  test('is the one that more than half of the Sentinels name', () => {
    const group = listenTo(...three);
    group.lists('s1', ['a:1', 'b:1']);
    group.lists('s2', ['a:1', 'b:1']);
    expect(group.intended()).toBe('a:1');
    group.lists('s1', ['b:1', 'a:1']);
    group.lists('s3', ['b:1', 'a:1']);
    expect(group.intended()).toBe('b:1');
  });

  test('is nobody while the Sentinels are of two minds', () => {
    const group = listenTo('s1', 's2');
    group.lists('s1', ['a:1', 'b:1'], { others: [] });
    group.lists('s2', ['b:1', 'a:1'], { others: [] });
    expect(group.intended()).toBeUndefined();
    expect(group.nodes()).toEqual(['a:1', 'b:1']);
  });

  test('stays the one of the last majority while there is none', () => {
    const group = listenTo(...three);
    three.forEach((each) => group.lists(each, ['a:1', 'b:1']));
    group.fails('s2');
    group.fails('s3');
    group.lists('s1', ['b:1', 'a:1']);
    expect(group.intended()).toBe('a:1');
  });

  test('needs a majority of all Sentinels, also of those that do not answer', () => {
    const group = listenTo('s1');
    group.lists('s1', ['a:1']);
    group.fails('s2');
    group.fails('s3');
    expect(group.nodes()).toEqual(['a:1']);
    expect(group.intended()).toBeUndefined();
  });

  test('is not named by the one Sentinel that has forgotten the others', () => {
    const group = listenTo(...three);
    group.fails('s2');
    group.fails('s3');
    group.lists('s1', ['a:1'], { others: [] });
    expect(group.intended()).toBeUndefined();
  });

  test('is named by those that replaced the Sentinels of the user', () => {
    const group = listenTo('old1', 'old2', 's1');
    group.fails('old1');
    group.fails('old2');
    three.forEach((each) => group.lists(each, ['a:1']));
    expect(group.intended()).toBe('a:1');
  });

  test('is not named by Sentinels in TILT mode', () => {
    const group = listenTo(...three);
    group.lists('s1', ['a:1']);
    group.lists('s2', ['a:1'], { mode: 'tilt' });
    group.lists('s3', ['a:1'], { mode: 'tilt' });
    expect(group.intended()).toBeUndefined();
    group.lists('s3', ['a:1']);
    expect(group.intended()).toBe('a:1');
  });

  test('is not changed by one Sentinel that answers under several addresses', () => {
    const group = listenTo('s1', 'alias1', 'alias2');
    ['s1', 'alias1', 'alias2'].forEach((each) => group.lists(each, ['a:1'], { id: 's1' }));
    expect(group.intended()).toBeUndefined();
  });
});

describe('what explains that there are no nodes', () => {
  test('is nothing while a Sentinel is awaited', () => {
    const group = listenTo('s1', 's2');
    group.fails('s1');
    expect(whyNoNodes(group.knowledge())).toBeUndefined();
  });

  test('names each Sentinel with its reason, three at most', () => {
    const group = listenTo('s1', 's2', 's3', 's4', 's5');
    ['s1', 's2', 's3', 's4', 's5'].forEach((each) => group.fails(each, `reason of ${each}`));
    expect(whyNoNodes(group.knowledge())).toBe(
      's1:1: reason of s1; s2:1: reason of s2; s3:1: reason of s3; and 2 more',
    );
  });

  test('names a Sentinel of which no address can be reached', () => {
    const group = listenTo('s1');
    group.lists('s1', [], { others: [] });
    expect(whyNoNodes(group.knowledge())).toBe('s1:1: it lists no address that the app can use');
  });

  test('is nothing once there were nodes', () => {
    const group = listenTo('s1');
    group.lists('s1', ['a:1'], { others: [] });
    group.fails('s1');
    expect(whyNoNodes(group.knowledge())).toBeUndefined();
  });
});

test('what says nothing new changes nothing', () => {
  const group = listenTo('s1');
  group.lists('s1', ['a:1'], { others: [] });
  group.answers('a:1', 'history');
  const before = group.knowledge();
  group.answers('a:1', 'history');
  expect(group.knowledge()).toBe(before);
});
