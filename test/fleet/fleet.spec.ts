import { describe, expect, test } from 'vitest';
import { A, B, C, master, replica, faulty } from '../topology/reports.js';
import { record, startVirtualGroup, type VirtualGroupOptions } from '../stream/virtual-group.js';

const healthy = { [A]: master({ on: 'R1' }), [B]: replica({ on: 'R1' }), [C]: replica({ on: 'R1' }) };
const heir = master({ on: 'R2/R1@1' });
/** Far from 0, so that this app is never drawn. */
const notDrawn = [0.5];

/** One of 200 apps; A dies at 700. */
function loseMaster(options: Partial<VirtualGroupOptions> = {}) {
  const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn, ...options });
  const { last, values } = record(group);
  group.at(700, () => {
    group.change(A, faulty('REFUSED'));
    group.stream.emit('connection closed', A);
  });
  return { group, last, values };
}

describe('one app of many', () => {
  test('probes the node that gave a signal at once, and others in its turn', () => {
    const { group } = loseMaster();
    group.runTo(3600);
    expect(group.probesOf(A, 700)[0]).toBe(700);
    expect(group.probesOf(B, 700)).toEqual([1200, 2200, 3200]);
  });

  test('probes all nodes at once if it is drawn', () => {
    const { group } = loseMaster({ randoms: [0.004] });
    group.runTo(700);
    expect([B, C].map((node) => group.probesOf(node, 700))).toEqual([[700], [700]]);
  });

  test('dials a node that is gone once a second only', () => {
    const { group } = loseMaster();
    group.runTo(5000);
    expect(group.probesOf(A, 700)).toEqual([700, 1700, 2700, 3700, 4700]);
  });

  test('probes at once the node on which another has announced something, and believes only the node', () => {
    const { group, last } = loseMaster();
    group.at(900, () => {
      group.change(B, heir);
      group.receive(B, 'promotion of B');
    });
    group.runTo(900);
    expect(group.probesOf(B, 900)[0]).toBe(900);
    expect(group.probesOf(C, 900)).toEqual([]);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'connection closed' } });
  });

  test('probes again at once where the probe under way began before the announcement', () => {
    const { group, last } = loseMaster();
    group.at(900, () => {
      group.stream.emit('requested');
      group.change(B, heir);
      group.receive(B, 'promotion of B');
    });
    group.runTo(900);
    expect(group.probesOf(B, 900)).toEqual([900, 900]);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
  });

  test('learns of a promotion without any signal, because another app saw it in its poll', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    const { last } = record(group);
    group.at(600, () => group.change(B, heir));
    group.at(610, () => group.receive(B, 'promotion of B'));
    group.runTo(610);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'announced' } });
  });

  test('changes nothing because of a false announcement, and probes no other node before the next poll', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    const { values } = record(group);
    group.runTo(600);
    const before = values.length;
    group.at(610, () => group.receive(C, 'nothing at all'));
    group.runTo(1000);
    expect(values).toHaveLength(before);
    expect([A, B, C].map((node) => group.probesOf(node, 610))).toEqual([[1000], [1000], [610]]);
  });

  test('is not driven by a flood of announcements', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    record(group);
    group.runTo(600);
    for (let at = 600; at < 10_600; at += 1) group.at(at, () => group.receive(A, `flood ${at}`));
    group.runTo(10_600);
    // One poll every 500 ms, and eight probes that the flood was worth.
    expect(group.probesOf(B, 600).length).toBeLessThan(20 + 10);
  });
});

describe('the app that detects the new master', () => {
  const nameOf = (announced: readonly string[]) => announced.map((each) => each.split(': ')[0]);

  test('first announces it on that node, once', () => {
    const { group, last } = loseMaster();
    group.at(900, () => group.change(B, heir));
    group.runTo(5000);
    expect(last()).toMatchObject({ kind: 'steady', master: B });
    expect(nameOf(group.announced)).toEqual([B]);
  });

  test('after an announcement announces nothing', () => {
    const first = loseMaster();
    first.group.at(900, () => first.group.change(B, heir));
    first.group.runTo(5000);
    const [promotionId = ''] = first.group.announced.map((each) => each.slice(`${B}: `.length));
    const second = loseMaster();
    second.group.at(900, () => {
      second.group.change(B, heir);
      second.group.receive(B, promotionId);
    });
    second.group.runTo(5000);
    expect(second.last()).toMatchObject({ kind: 'steady', master: B });
    expect(second.group.announced).toEqual([]);
  });

  test('because the node sent a signal to all leaves it to one of them to announce', () => {
    const announcements = (randoms: readonly number[]) => {
      const { group, last } = loseMaster({ randoms });
      group.at(900, () => {
        group.change(B, heir);
        group.stream.emit('connection closed', B);
      });
      group.runTo(900);
      expect(last()).toMatchObject({ kind: 'steady', master: B });
      return group.announced.length;
    };
    expect(announcements([0.5])).toBe(0);
    expect(announcements([0.004])).toBe(1);
  });

  test('at boot announces nothing', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    record(group);
    group.runTo(5000);
    expect(group.announced).toEqual([]);
  });
});
