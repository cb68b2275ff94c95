import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LineMachine } from '../../../lib/connections/line/line-machine.js';
import { isTransition, type LineState } from '../../../lib/connections/line/line-state.js';

type Kind = LineState['kind'];

/** Every allowed transition and its cause. All other pairs must be refused. */
const steps: readonly (readonly [Kind, Kind, string])[] = [
  ['waiting', 'handshake', 'a socket is connected'],
  ['handshake', 'open', 'the handshake is done'],
  ['handshake', 'leaving', 'the node does not have the observed role or run id'],
  ['handshake', 'waiting', 'the socket closes in the handshake'],
  ['handshake', 'handshake', 'the app disconnects and connects again during the handshake'],
  ['open', 'suspended', 'the node is suspect and no other is known to be better'],
  ['open', 'leaving', 'another node must be used'],
  ['open', 'waiting', 'the socket closes'],
  ['open', 'handshake', 'the app disconnects and connects again'],
  ['suspended', 'open', 'the node answers again'],
  ['suspended', 'leaving', 'another node must be used'],
  ['suspended', 'waiting', 'the socket closes'],
  ['suspended', 'handshake', 'the app disconnects and connects again'],
  ['leaving', 'waiting', 'the socket closes'],
  ['leaving', 'handshake', 'the app disconnects and connects again'],
];
const kinds: readonly Kind[] = ['waiting', 'handshake', 'open', 'suspended', 'leaving'];

describe('a line', () => {
  test.each(steps)('goes from %s to %s: %s', (from, to) => {
    expect(isTransition(from, to)).toBe(true);
  });

  const others = kinds.flatMap((from) => kinds.map((to) => [from, to] as const));
  const refused = others.filter(([from, to]) => !steps.some(([a, b]) => a === from && b === to));

  test.each(refused)('refuses to go from %s to %s', (from, to) => {
    expect(isTransition(from, to)).toBe(false);
  });

  test('never opens without a handshake before', () => {
    expect(kinds.filter((from) => isTransition(from, 'open'))).toEqual(['handshake', 'suspended']);
  });
});

describe('the machine of a line', () => {
  const socket = new Socket();
  const at = { endpoint: 'a:1', socket };

  test('refuses what is not in the table without changing anything, and reports when it stops being open', () => {
    let shut = 0;
    const machine = new LineMachine(() => (shut += 1));
    expect(machine.enter({ kind: 'open', ...at })).toBe(false);
    expect([machine.state.kind, machine.isOpen, shut]).toEqual(['waiting', false, 0]);
    expect(machine.enter({ kind: 'handshake', ...at })).toBe(true);
    expect(machine.enter({ kind: 'suspended', reason: 'silent', ...at })).toBe(false);
    expect(machine.enter({ kind: 'open', ...at })).toBe(true);
    expect([machine.state.kind, machine.isOpen, shut]).toEqual(['open', true, 0]);
    expect(machine.enter({ kind: 'leaving', reason: 'another node is the master', ...at })).toBe(true);
    expect([machine.isOpen, shut]).toEqual([false, 1]);
    expect(machine.enter({ kind: 'open', ...at })).toBe(false);
    expect([machine.state.kind, machine.isOpen, shut]).toEqual(['leaving', false, 1]);
  });
});
