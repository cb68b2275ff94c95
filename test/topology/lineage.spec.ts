import { describe, expect, test } from 'vitest';
import { descendsFrom, emptyLineage, learnLineage } from '../../lib/topology/lineage.js';

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

  test('keeps the latest thousand promotions and drops older ones', () => {
    let long = emptyLineage;
    for (let index = 1; index <= 1200; index++) {
      long = learnLineage(long, [step(`R${index}`, `R${index - 1}`)]);
    }
    expect(long.size).toBe(1000);
    expect(descendsFrom(long, 'R1200', 'R200')).toBe(true);
    expect(descendsFrom(long, 'R1200', 'R199')).toBe(false);
  });
});
