import { describe, expect, test } from 'vitest';
import type { Listing } from '../../../lib/sources/sentinel/listing.js';
import {
  firstSentinels,
  hear,
  listingsOf,
  MAX_SENTINELS,
  type Sentinels,
  type Word,
} from '../../../lib/sources/sentinel/sentinels.js';
import { parseEndpoint } from '../../../lib/topology/endpoint.js';

const failing: Word = { kind: 'failing', reason: 'REFUSED' };

/** `lists('one', ['two', 's2:1'])`: the Sentinel with the id `one` lists another. */
function lists(id: string, ...others: readonly (readonly [id: string, endpoint: string])[]): Word {
  const listing: Listing = {
    id,
    mode: 'normal',
    nodes: [],
    others: others.map(([each, endpoint]) => ({ id: each, endpoint: parseEndpoint(endpoint) })),
  };
  return { kind: 'listing', listing };
}

function after(
  named: readonly string[],
  ...words: readonly (readonly [endpoint: string, word: Word])[]
): Sentinels {
  return words.reduce<Sentinels>(
    (known, [endpoint, word]) => hear(known, parseEndpoint(endpoint), word),
    firstSentinels(named.map(parseEndpoint)),
  );
}

const names = (sentinels: Sentinels) => [...sentinels.keys()];

describe('the Sentinels that are asked', () => {
  test('are those that the user names', () => {
    expect(names(after(['s1:1', 's2:1']))).toEqual(['s1:1', 's2:1']);
  });

  test('grow by those that a Sentinel lists', () => {
    expect(names(after(['s1:1'], ['s1:1', lists('one', ['two', 's2:1'], ['three', 's3:1'])]))).toEqual([
      's1:1',
      's2:1',
      's3:1',
    ]);
  });

  test('do not grow by another address of one that is asked', () => {
    const known = after(
      ['s1:1', 's2:1'],
      ['s1:1', lists('one')],
      ['s2:1', lists('two', ['one', '10.0.0.1:1'])],
    );
    expect(names(known)).toEqual(['s1:1', 's2:1']);
  });

  test('lose a second address of one that is asked, as soon as it has told its id', () => {
    const known = after(
      ['s1:1', 's2:1'],
      ['s2:1', lists('two', ['one', '10.0.0.1:1'])],
      ['10.0.0.1:1', lists('one')],
    );
    expect(names(known)).toContain('10.0.0.1:1');
    expect(names(hear(known, parseEndpoint('s1:1'), lists('one')))).toEqual(['s1:1', 's2:1']);
  });

  test('lose one that no other lists and that does not answer', () => {
    const known = after(
      ['s1:1'],
      ['s1:1', lists('one', ['two', 's2:1'], ['three', 's3:1'])],
      ['s2:1', failing],
      ['s3:1', lists('three')],
      ['s1:1', lists('one')],
    );
    expect(names(known)).toEqual(['s1:1', 's3:1']);
  });

  test('keep one that is down while another lists it', () => {
    const known = after(['s1:1'], ['s1:1', lists('one', ['two', 's2:1'])], ['s2:1', failing]);
    expect(names(known)).toEqual(['s1:1', 's2:1']);
  });

  test('keep all while none answers', () => {
    const known = after(
      ['s1:1'],
      ['s1:1', lists('one', ['two', 's2:1'])],
      ['s2:1', failing],
      ['s1:1', failing],
    );
    expect(names(known)).toEqual(['s1:1', 's2:1']);
  });

  test('keep those that the user names, although no other lists them', () => {
    const known = after(['s1:1', 's2:1'], ['s1:1', failing], ['s2:1', lists('two', ['three', 's3:1'])]);
    expect(names(known)).toEqual(['s1:1', 's2:1', 's3:1']);
  });

  test('are replaced one by one, until only the named addresses remain of the first', () => {
    const known = after(
      ['s1:1'],
      ['s1:1', lists('one', ['two', 's2:1'])],
      ['s2:1', lists('two', ['one', 's1:1'], ['three', 's3:1'])],
      ['s3:1', lists('three', ['two', 's2:1'])],
      ['s1:1', failing],
      ['s2:1', failing],
      ['s3:1', lists('three', ['four', 's4:1'])],
      ['s4:1', lists('four', ['three', 's3:1'])],
    );
    expect(names(known)).toEqual(['s1:1', 's3:1', 's4:1']);
  });

  test('are 32 at most, whatever a Sentinel lists, and those that were learned first stay', () => {
    const flood = Array.from({ length: 1000 }, (_none, index) => [`x${index}`, `x${index}:1`] as const);
    const known = after(
      ['s1:1', 's2:1'],
      ['s1:1', lists('one', ['three', 's3:1'])],
      ['s2:1', lists('two', ...flood)],
    );
    expect(known.size).toBe(MAX_SENTINELS);
    expect(names(known).slice(0, 3)).toEqual(['s1:1', 's2:1', 's3:1']);
  });

  test('have one voice each, under however many addresses they answer', () => {
    const known = after(['s1:1', '10.0.0.1:1'], ['s1:1', lists('one')], ['10.0.0.1:1', lists('one')]);
    expect(listingsOf(known)).toHaveLength(1);
  });

  test('are not changed by one that is not asked any more', () => {
    const known = after(['s1:1']);
    expect(hear(known, parseEndpoint('s9:1'), lists('nine'))).toBe(known);
  });
});
