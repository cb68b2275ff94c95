import { describe, expect, test } from 'vitest';
import { descendantsOf, descendsFrom, emptyLineage, learnLineage } from '../../lib/topology/lineage.js';

const step = (id: string, previous: string) => ({ id, previous: { id: previous, from: 1 } });

describe('descent', () => {
  const lineage = learnLineage(emptyLineage, [step('R3', 'R2'), step('R2', 'R1'), step('R9', 'R8')]);

  test.each([
    ['R2', 'R1', true],
    ['R3', 'R2', true],
    ['R3', 'R1', true],
    ['R1', 'R3', false],
    ['R1', 'R1', false],
    ['R9', 'R1', false],
    ['unknown', 'R1', false],
  ])('of %s from %s: %s', (id, ancestor, expected) => {
    expect(descendsFrom(lineage, id, ancestor)).toBe(expected);
  });

  test('of an id with several ancestors is found along each', () => {
    const forked = learnLineage(lineage, [step('R3', 'R9')]);
    expect(descendsFrom(forked, 'R3', 'R8')).toBe(true);
    expect(descendsFrom(forked, 'R3', 'R1')).toBe(true);
  });

  test('ends where contradictory histories form a cycle', () => {
    const cycle = learnLineage(emptyLineage, [step('R1', 'R2'), step('R2', 'R1')]);
    expect(descendsFrom(cycle, 'R1', 'R2')).toBe(true);
    expect(descendsFrom(cycle, 'R1', 'R1')).toBe(false);
    expect(descendsFrom(cycle, 'R1', 'R3')).toBe(false);
  });
});

describe('learning', () => {
  const lineage = learnLineage(emptyLineage, [step('R2', 'R1')]);

  test('nothing new gives the same object', () => {
    expect(learnLineage(lineage, [step('R2', 'R1'), { id: 'R7' }])).toBe(lineage);
    expect(learnLineage(emptyLineage, [])).toBe(emptyLineage);
  });

  test('does not modify the lineage it is given', () => {
    learnLineage(lineage, [step('R3', 'R2'), step('R2', 'R0')]);
    expect([...lineage]).toEqual([['R2', ['R1']]]);
  });

  test('the same step reported by several nodes is stored once', () => {
    expect([...learnLineage(emptyLineage, [step('R2', 'R1'), step('R2', 'R1')])]).toEqual([['R2', ['R1']]]);
  });

  test('of the ids before one keeps the four that were reported first', () => {
    let forked = lineage;
    for (let index = 2; index <= 100; index++) forked = learnLineage(forked, [step('R2', `X${index}`)]);
    expect(forked.get('R2')).toEqual(['R1', 'X2', 'X3', 'X4']);
    expect(learnLineage(forked, [step('R2', 'X9')])).toBe(forked);
  });

  test('never drops what the accepted master descends by, although a node reports 100,000 other ids', () => {
    let flooded = learnLineage(emptyLineage, [step('R2', 'R1'), step('R3', 'R2')]);
    for (let index = 0; index < 100_000; index++) {
      flooded = learnLineage(flooded, [step(`X${index}`, 'R3'), step('R3', `X${index}`)], 'R3');
    }
    expect(flooded.size).toBe(256);
    expect(descendsFrom(flooded, 'R3', 'R1')).toBe(true);
    expect(learnLineage(flooded, [step('X', 'Y')]).size).toBe(256);
  });

  test('the descendants of an id are all that continue it, over forks and cycles', () => {
    const tree = learnLineage(emptyLineage, [
      step('R2', 'R1'),
      step('R3', 'R2'),
      step('R9', 'R2'),
      step('R1', 'R9'),
      step('Y', 'X'),
    ]);
    expect(descendantsOf(tree, 'R1')).toEqual(new Set(['R2', 'R3', 'R9']));
    expect(descendantsOf(tree, 'X')).toEqual(new Set(['Y']));
    expect(descendantsOf(tree, 'Z')).toEqual(new Set());
  });

  test('keeps the latest 256 promotions and drops older ones', () => {
    let long = emptyLineage;
    for (let index = 1; index <= 1200; index++) {
      long = learnLineage(long, [step(`R${index}`, `R${index - 1}`)]);
    }
    expect(long.size).toBe(256);
    expect(descendsFrom(long, 'R1200', 'R944')).toBe(true);
    expect(descendsFrom(long, 'R1200', 'R943')).toBe(false);
  });
});
