import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { isTooOld } from '../../lib/peers/is-too-old.js';

test.each([
  ['5.3.9', '^5.4.0 || ^6.0.0', true],
  ['5.4.0', '^5.4.0 || ^6.0.0', false],
  ['5.10.0', '^5.4.0 || ^6.0.0', false],
  ['6.0.0', '^5.4.0 || ^6.0.0', false],
  ['4.31.0', '^5.4.0 || ^6.0.0', true],
  ['6.0.9', '^5.4.0 || ^6.1.0', true],
  ['7.7.9', '^7.8.0', true],
  ['7.8.2', '^7.8.1', false],
  ['7.8.0', '^7.8.1', true],
])('%s for %s: %s', (version, range, expected) => {
  expect(isTooOld(version, range)).toBe(expected);
});

test.each([
  ['a newer major', '13.0.0'],
  ['a pre-release', '10.0.0-next.1'],
  ['no version', 'workspace'],
])('%s passes', (_what, version) => {
  expect(isTooOld(version, '^11.0.0 || ^12.0.0')).toBe(false);
});

test('the ranges of package.json have the form that is understood', () => {
  for (const range of Object.values(packageJson.peerDependencies)) {
    expect(range).toMatch(/^\^[1-9]\d*\.\d+\.\d+( \|\| \^[1-9]\d*\.\d+\.\d+)*$/);
  }
});
