import { describe, expect, test } from 'vitest';
import {
  isDiscarded,
  isDiscardedByState,
  isStateRefusal,
} from '../../../lib/connections/outcomes/refusal.js';

const READONLY = "READONLY You can't write against a read only replica.";
const ABORTED = 'EXECABORT Transaction discarded because of previous errors.';

describe('refused because of the state of the server:', () => {
  test.each([
    READONLY,
    'REDIRECT 127.0.0.1:21380',
    'LOADING Redis is loading the dataset in memory',
    'LOADING Valkey is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    `${READONLY} script: f_8a1f3c5e7d9b0a2c4e6f8d1b3a5c7e9f0b2d4a6c, on @user_script:1.`,
    `ERR Error running script (call to f_8a1f3c5e): @user_script:1: -${READONLY} `,
    `ERR Error running script (call to f_8a1f3c5e): @user_script:1: @user_script: 1: -${READONLY} `,
    `@user_script: 1: -${READONLY}`,
    `@user_script: 12: -${READONLY}`,
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  ])('%s', (message) => {
    expect(isStateRefusal(message)).toBe(true);
    expect(isDiscarded(message)).toBe(false);
  });
});

describe('not refused because of the state of the server:', () => {
  test.each([
    'MISCONF Errors writing to the AOF file: No space left on device',
    'NOREPLICAS Not enough good replicas to write.',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'ERR user_script:1: READONLY mode is on script: f_8a1f3c5e, on @user_script:1.',
    '@user_script: 1: READONLY mode is on',
    "@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
    'the script says @user_script: 1: -READONLY is refused',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'CLUSTERDOWN Hash slot not served',
    "NOPERM this user has no permissions to run the 'set' command",
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'UNBLOCKED client unblocked via CLIENT UNBLOCK',
    'ERR the word READONLY in the middle',
    'READONLYISH is another word',
    "ERR unknown command 'READONLY'",
    '',
  ])('%s', (message) => {
    expect(isStateRefusal(message)).toBe(false);
  });
});

describe('a discarded transaction', () => {
  test.each([
    [ABORTED, true, false],
    [`${ABORTED.slice(0, -1)}: ${READONLY}`, true, true],
    [
      "EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.",
      true,
      true,
    ],
    [
      'EXECABORT Transaction discarded because of: LOADING Redis is loading the dataset in memory',
      true,
      true,
    ],
    ['EXECABORT Transaction discarded because of: MASTERDOWN Link with MASTER is down.', true, true],
    [
      "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
      true,
      false,
    ],
    [READONLY, false, false],
  ])('%s', (message, discarded, byState) => {
    expect(isDiscarded(message)).toBe(discarded);
    expect(isDiscardedByState(message)).toBe(byState);
  });
});
