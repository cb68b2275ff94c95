import { expect, test } from 'vitest';
import { WriteRefusals } from '../../../lib/connections/outcomes/write-refusals.js';
import { Notices } from '../../../lib/notices/notices.js';

test('what a master says when it refuses writes is shown on one line, within 200 characters', () => {
  const texts: string[] = [];
  const refusals = new WriteRefusals(new Notices(({ text }) => texts.push(text)));
  refusals.note(`MISCONF no\n[Nest] ERROR forged \u001b[2J${'x'.repeat(5_000_000)}`, '10.0.0.1:6379');
  expect(texts).toHaveLength(1);
  expect(texts[0]).toMatch(/^10\.0\.0\.1:6379 refuses writes: MISCONF no \[Nest\] ERROR forged +\[2Jx+…$/);
  expect(texts[0]?.length).toBe('10.0.0.1:6379 refuses writes: '.length + 200);
});
