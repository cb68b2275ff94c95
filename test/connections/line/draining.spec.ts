import { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Draining } from '../../../lib/connections/line/draining.js';
import { nextDrainStep } from '../../../lib/connections/line/line-step.js';
import { parseEndpoint } from '../../../lib/topology/endpoint.js';
import type { Topology, TopologyNode } from '../../../lib/topology/topology.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] }));
afterEach(() => void vi.useRealTimers());

function drain() {
  const socket = new Socket();
  let drained: () => void = () => undefined;
  const whenDrained = (callback: () => void) => {
    drained = callback;
    return new Subscription();
  };
  return { socket, draining: new Draining({ socket, whenDrained, limitMs: 250 }), drained: () => drained() };
}

describe('a socket that is being left', () => {
  test('closes as soon as no reply is missing', () => {
    const { socket, drained } = drain();
    drained();
    expect(socket.destroyed).toBe(true);
  });

  test('gets its time for replies from when there is another node to go to', () => {
    const { socket, draining } = drain();
    draining.apply({ kind: 'wait' });
    vi.advanceTimersByTime(400);
    draining.apply({ kind: 'hurry', to: 'b:1' });
    vi.advanceTimersByTime(240);
    draining.apply({ kind: 'hurry', to: 'b:1' });
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(20);
    expect(socket.destroyed).toBe(true);
  });

  test('gets it anew if the other node is none any more', () => {
    const { socket, draining } = drain();
    draining.apply({ kind: 'hurry', to: 'a:1' });
    vi.advanceTimersByTime(200);
    draining.apply({ kind: 'wait' });
    vi.advanceTimersByTime(200);
    draining.apply({ kind: 'hurry', to: 'b:1' });
    vi.advanceTimersByTime(200);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(60);
    expect(socket.destroyed).toBe(true);
  });

  test('closes after four times that time, whatever the topology does', () => {
    const { socket, draining } = drain();
    for (let elapsedMs = 0; elapsedMs < 990; elapsedMs += 90) {
      draining.apply(elapsedMs % 180 === 0 ? { kind: 'hurry', to: 'b:1' } : { kind: 'wait' });
      expect(socket.destroyed).toBe(false);
      vi.advanceTimersByTime(90);
    }
    vi.advanceTimersByTime(20);
    expect(socket.destroyed).toBe(true);
  });

  test('closes at once when its node cannot be reached any more', () => {
    const { socket, draining } = drain();
    draining.apply({ kind: 'close' });
    expect(socket.destroyed).toBe(true);
  });
});

describe('what happens to it', () => {
  const replica = (endpoint: string): TopologyNode => ({
    kind: 'replica',
    role: 'replica',
    reachable: true,
    endpoint,
    address: parseEndpoint(endpoint),
  });
  const topology = (...nodes: TopologyNode[]): Topology => ({
    kind: 'masterless',
    generation: 1,
    cause: 'poll',
    changedAt: 0,
    nodes,
  });
  const wait = { kind: 'wait', reason: 'no master' } as const;

  test('depends on whether its node answers and another can be used', () => {
    const both = topology(replica('a:1'), replica('b:1'));
    const use = { kind: 'use', node: replica('b:1'), role: 'master' } as const;
    expect(nextDrainStep({ endpoint: 'a:1', topology: both, pick: wait })).toEqual({ kind: 'wait' });
    expect(nextDrainStep({ endpoint: 'a:1', topology: both, pick: use })).toEqual({
      kind: 'hurry',
      to: 'b:1',
    });
  });

  test('is its end if its node does not answer or is not known any more', () => {
    const { address } = replica('a:1');
    const silent = { kind: 'unusable', fault: 'TIMEOUT', message: '', reachable: false } as const;
    const gone = topology({ ...silent, endpoint: 'a:1', address });
    for (const each of [gone, topology()]) {
      expect(nextDrainStep({ endpoint: 'a:1', topology: each, pick: wait })).toEqual({ kind: 'close' });
    }
  });
});
