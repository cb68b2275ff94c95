import { describe, expect, test } from 'vitest';
import { A, B, C, master, replica, faulty } from '../topology/reports.js';
import {
  record,
  startVirtualGroup,
  type VirtualGroup,
  type VirtualGroupOptions,
} from '../stream/virtual-group.js';

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
    group.runTo(1400);
    expect(group.probesOf(A, 700)[0]).toBe(700);
    expect(group.probesOf(B, 700)).toEqual([825, 1075, 1325]);
  });

  test('probes all nodes at once if it is drawn', () => {
    const { group } = loseMaster({ randoms: [0.004] });
    group.runTo(700);
    expect([B, C].map((node) => group.probesOf(node, 700))).toEqual([[700], [700]]);
  });

  test('dials a node that is gone as often as it probes the others', () => {
    const { group } = loseMaster();
    group.runTo(1600);
    expect(group.probesOf(A, 700)).toEqual([700, 950, 1200, 1450]);
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

  test('changes nothing because of a false announcement, and probes the other nodes once, in its turn', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    const { values } = record(group);
    group.runTo(600);
    const before = values.length;
    group.at(610, () => group.receive(C, 'nothing at all'));
    group.runTo(984);
    expect(values).toHaveLength(before);
    expect([A, B, C].map((node) => group.probesOf(node, 610))).toEqual([[735], [735], [610, 860]]);
  });
});

/** Announces ever new promotions on a node, from one moment to another, once a millisecond. */
function flood(
  group: VirtualGroup,
  node: string,
  { from, to }: { readonly from: number; readonly to: number },
) {
  group.at(from, () => {
    group.receive(node, `flood ${from}`);
    if (from + 1 < to) flood(group, node, { from: from + 1, to });
  });
}

describe('a flood of false announcements', () => {
  const seconds = 4;
  const flooded = { from: 1000, to: 1000 + seconds * 1000 };

  test.each([
    // As soon as the others are probed, too, there is calm again; until then, an app that is alone probes once more.
    [1, 10, 20],
    [200, 10, 10],
    [2000, 4, 4],
  ])('has a node probed by each of %i apps %i to %i times a second', (fleet, least, most) => {
    const group = startVirtualGroup({ nodes: healthy, fleet, randoms: notDrawn });
    record(group);
    group.runTo(999);
    flood(group, C, flooded);
    group.runTo(flooded.to - 1);
    expect(group.probesOf(C, flooded.from).length).toBeLessThanOrEqual(seconds * most + 1);
    expect(group.probesOf(C, flooded.from).length).toBeGreaterThanOrEqual(seconds * least);
  });

  test.each([800, 2000, 10_000])(
    'on every node has none probed by %i apps together more than 8,000 times a second while a master is sought',
    (fleet) => {
      const { group } = loseMaster({ fleet });
      group.runTo(999);
      [A, B, C].forEach((node) => flood(group, node, flooded));
      group.runTo(flooded.to - 1);
      for (const node of [B, C]) {
        const probes = group.probesOf(node, flooded.from).length;
        // Two more: one that was due when the flood began, and the first of the flood.
        expect((probes - 2) * fleet).toBeLessThanOrEqual(seconds * 8000);
      }
    },
  );

  test.each([
    ['every node', 1, [A, B, C]],
    ['every node', 200, [A, B, C]],
    ['every node', 2000, [A, B, C]],
    ['another node', 200, [C]],
    ['another node', 2000, [C]],
  ])(
    'on %s lets none of %i apps wait longer than 250 ms while a master is sought',
    (_, ...[fleet, nodes]) => {
      // Last in turn after each signal.
      const { group } = loseMaster({ fleet, randoms: [0.999] });
      group.runTo(999);
      nodes.forEach((node) => flood(group, node, flooded));
      group.runTo(flooded.to);
      for (const node of [A, B, C]) {
        const probes = [700, ...group.probesOf(node, 700), flooded.to];
        const gaps = probes.slice(1).map((at, index) => at - (probes[index] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(250);
      }
    },
  );

  test.each([1, 200])('hides no true one: one of %i apps probes within 100 ms', (fleet) => {
    const group = startVirtualGroup({ nodes: healthy, fleet, randoms: notDrawn });
    const { last } = record(group);
    group.runTo(999);
    flood(group, B, { from: 1000, to: 1071 });
    group.at(1071, () => group.change(B, heir));
    group.at(1071, () => group.receive(B, 'promotion of B'));
    group.runTo(1099);
    expect(last()).toMatchObject({ kind: 'steady', master: A });
    group.runTo(1100);
    expect(last()).toMatchObject({ kind: 'steady', master: B, lastFailover: { cause: 'announced' } });
  });

  test('that repeats one announcement has the node probed once', () => {
    const group = startVirtualGroup({ nodes: healthy, fleet: 200, randoms: notDrawn });
    record(group);
    group.runTo(1099);
    for (let at = 1100; at < 1300; at += 1) group.at(at, () => group.receive(C, 'the same'));
    group.runTo(1340);
    expect(group.probesOf(C, 1100)).toEqual([1100]);
  });
});

describe('a promotion without any announcement', () => {
  test.each([1, 500, 2000])(
    'is found within 250 ms by an app that takes its fleet to be of %i, whether or not that is true',
    (fleet) => {
      const { group, values } = loseMaster({ fleet, randoms: [0.5, 0.999, 0.001] });
      group.at(20_000, () => group.change(B, heir));
      group.runTo(20_249);
      const found = values.find((topology) => topology.kind === 'steady' && topology.master === B);
      group.runTo(20_250);
      expect(found ?? values.at(-1)).toMatchObject({ kind: 'steady', master: B });
    },
  );
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
