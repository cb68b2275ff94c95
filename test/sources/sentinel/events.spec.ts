import { expect, test } from 'vitest';
import { concerns } from '../../../lib/sources/sentinel/events.js';

test.each([
  ['+switch-master', 'main 10.0.0.1 6379 10.0.0.2 6379'],
  ['+slave', 'slave 10.0.0.3:6379 10.0.0.3 6379 @ main 10.0.0.1 6379'],
  ['+sdown', 'master main 10.0.0.1 6379'],
  ['-sdown', 'sentinel 1f2e 10.0.0.9 26379 @ main 10.0.0.1 6379'],
  ['+odown', 'master main 10.0.0.1 6379 #quorum 2/2'],
  ['+reboot', 'slave 10.0.0.3:6379 10.0.0.3 6379 @ main 10.0.0.1 6379'],
  ['+tilt', '#tilt mode entered'],
])('%s %s concerns the group', (channel, message) => {
  expect(concerns(channel, message, 'main')).toBe(true);
});

test.each([
  ['+switch-master', 'cache 10.0.0.1 6379 10.0.0.2 6379'],
  ['+switch-master', 'cache main 6379 10.0.0.2 6379'],
  ['+slave', 'slave main 10.0.0.3 6379 @ cache 10.0.0.1 6379'],
  ['+sdown', 'master cache main 6379'],
  ['+sdown', 'slave main 10.0.0.3 6379'],
  ['+sdown', ''],
])('%s "%s" does not', (channel, message) => {
  expect(concerns(channel, message, 'main')).toBe(false);
});
