import { describe, expect, test } from 'vitest';
import { A, B, C, master, replica, silent } from '../topology/reports.js';
import { record, startVirtualGroup, type VirtualGroupOptions } from '../stream/virtual-group.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const heir = master({ on: 'R2/R1@1' });
/** Far from 0, so that no lot falls on this app. */
const unlucky = [0.5];

/** One of 200 apps; A dies at 700. */
function loseMaster(options: Partial<VirtualGroupOptions> = {}) {
  const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: unlucky, ...options });
  const { last, values } = record(group);
  group.at(700, () => {
    group.change(A, silent('REFUSED'));
    group.stream.emit('connection closed', A);
  });
  return { group, last, values };
}

describe('one app of many', () => {
  test('looks at the node that gave a signal at once, and at others in its turn', () => {
    const { group } = loseMaster();
    group.runTo(3600);
    expect(group.looksAt(A, 700)[0]).toBe(700);
    expect(group.looksAt(B, 700)).toEqual([1200, 2200, 3200]);
  });

  test('looks everywhere at once if the lot falls on it', () => {
    const { group } = loseMaster({ randoms: [0.004] });
    group.runTo(700);
    expect([B, C].map((node) => group.looksAt(node, 700))).toEqual([[700], [700]]);
  });

  test('dials a node that is gone once a second only', () => {
    const { group } = loseMaster();
    group.runTo(5000);
    expect(group.looksAt(A, 700)).toEqual([700, 1700, 2700, 3700, 4700]);
  });

  test('looks at once at the node on which another has announced something, and believes the node only', () => {
    const { group, last } = loseMaster();
    group.at(900, () => {
      group.change(B, heir);
      group.hear(B, 'news of B');
    });
    group.runTo(900);
    expect(group.looksAt(B, 900)[0]).toBe(900);
    expect(group.looksAt(C, 900)).toEqual([]);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'connection closed' } });
  });

  test('looks again at once where the look under way began before it was told', () => {
    const { group, last } = loseMaster();
    group.at(900, () => {
      group.stream.emit('requested');
      group.change(B, heir);
      group.hear(B, 'news of B');
    });
    group.runTo(900);
    expect(group.looksAt(B, 900)).toEqual([900, 900]);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
  });

  test('learns of a promotion that no signal tells of, because another was told by its poll', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: unlucky });
    const { last } = record(group);
    group.at(600, () => group.change(B, heir));
    group.at(610, () => group.hear(B, 'news of B'));
    group.runTo(610);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'announced' } });
  });

  test('changes nothing because of a false announcement, and has nobody else looked at before the next poll', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: unlucky });
    const { values } = record(group);
    group.runTo(600);
    const told = values.length;
    group.at(610, () => group.hear(C, 'nothing at all'));
    group.runTo(1000);
    expect(values).toHaveLength(told);
    expect([A, B, C].map((node) => group.looksAt(node, 610))).toEqual([[1000], [1000], [610]]);
  });

  test('is not driven by a flood of announcements', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: unlucky });
    record(group);
    group.runTo(600);
    for (let at = 600; at < 10_600; at += 1) group.at(at, () => group.hear(A, `flood ${at}`));
    group.runTo(10_600);
    // One poll every 500 ms, and eight looks that the flood was worth.
    expect(group.looksAt(B, 600).length).toBeLessThan(20 + 10);
  });
});

describe('who finds the new master', () => {
  const nameOf = (announced: readonly string[]) => announced.map((each) => each.split(': ')[0]);

  test('first announces it on that node, once', () => {
    const { group, last } = loseMaster();
    group.at(900, () => group.change(B, heir));
    group.runTo(5000);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
    expect(nameOf(group.announced)).toEqual([B]);
  });

  test('after it was told announces nothing', () => {
    const first = loseMaster();
    first.group.at(900, () => first.group.change(B, heir));
    first.group.runTo(5000);
    const [news = ''] = first.group.announced.map((each) => each.slice(`${B}: `.length));
    const second = loseMaster();
    second.group.at(900, () => {
      second.group.change(B, heir);
      second.group.hear(B, news);
    });
    second.group.runTo(5000);
    expect(second.last()).toMatchObject({ kind: 'steady', master: B });
    expect(second.group.announced).toEqual([]);
  });

  test('because the node called everybody leaves it to one of them to tell', () => {
    const called = (randoms: readonly number[]) => {
      const { group, last } = loseMaster({ randoms });
      group.at(900, () => {
        group.change(B, heir);
        group.stream.emit('connection closed', B);
      });
      group.runTo(900);
      expect(last()).toMatchObject({ kind: 'steady', master: B });
      return group.announced.length;
    };
    expect(called([0.5])).toBe(0);
    expect(called([0.004])).toBe(1);
  });

  test('at boot announces nothing', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: unlucky });
    record(group);
    group.runTo(5000);
    expect(group.announced).toEqual([]);
  });
});
