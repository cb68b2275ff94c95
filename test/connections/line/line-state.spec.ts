import { describe, expect, test } from 'vitest';
import { isTransition, type LineState } from '../../../lib/connections/line/line-state.js';

type Kind = LineState['kind'];

/** Every step there is, in the words of what happens; each pair that is not here must be refused. */
const steps: readonly (readonly [Kind, Kind, string])[] = [
  ['waiting', 'handshake', 'a socket is connected'],
  ['handshake', 'open', 'the handshake is done'],
  ['handshake', 'leaving', 'the node is not what it was picked for'],
  ['handshake', 'waiting', 'the socket closes in the handshake'],
  ['handshake', 'handshake', 'the app disconnects and connects again during the handshake'],
  ['open', 'suspended', 'the node is suspect and no better one is known'],
  ['open', 'leaving', 'another node is to be used'],
  ['open', 'waiting', 'the socket closes'],
  ['open', 'handshake', 'the app disconnects and connects again'],
  ['suspended', 'open', 'the node answers again'],
  ['suspended', 'leaving', 'another node is to be used'],
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

  test('never writes without a handshake before it', () => {
    expect(kinds.filter((from) => isTransition(from, 'open'))).toEqual(['handshake', 'suspended']);
  });
});
