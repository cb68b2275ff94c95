import { describe, expect, test } from 'vitest';
import { MAX_INFO_LENGTH, readInfoText } from '../../lib/replies/info-text.js';
import { target } from '../fuzz/parse-info.fuzz.js';
import { seededRandom } from '../topology/seeded-random.js';
import { redis7Master, redis7Replica, syncingReplica, valkey8Master } from './info-texts.js';

const keyspace = '\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\n';
const full = `redis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\nconnected_clients:3\r\nloading:0\r\n`;

/** The text after a replica has announced `address`, as servers print it. */
const announced = (text: string, address: string) =>
  text.replace('slave0:ip=10.0.0.2', `slave0:ip=${address}`);

test.each([
  ['a Redis master', redis7Master],
  ['a Redis replica', redis7Replica],
  ['a replica in full sync', syncingReplica],
  ['a Valkey master', valkey8Master],
  ['all sections', `${full}${redis7Master}${keyspace}`],
])('the reply of %s is plain', (_, text) => {
  expect(readInfoText(text).trust).toBe('plain');
});

describe('lines that a replica writes by its address', () => {
  test.each([
    ['a role', 'x\r\nrole:slave\r\ny'],
    ['a role after a line feed only', 'x\nrole:slave\ny'],
    ['a role behind an address that looks right', '10.9.9.9,port=1,state=online\r\nrole:slave\r\ny'],
    ['an id', `x\r\nmaster_replid:${'a'.repeat(40)}\r\ny`],
    ['a previous id', `x\r\nmaster_replid2:${'a'.repeat(40)}\r\ny`],
    ['an offset', 'x\r\nmaster_repl_offset:1\r\ny'],
    ['the end of the previous history', 'x\r\nsecond_repl_offset:1\r\ny'],
    ['a run id', 'x\r\nrun_id:another\r\ny'],
    ['a mode under its other name', 'x\r\nserver_mode:cluster\r\ny'],
    ['that it is loading', 'x\r\nloading:1\r\ny'],
    ['a link', 'x\r\nmaster_link_status:down\r\ny'],
    ['keys', 'x\r\ndb0:keys=0\r\ny'],
    ['keys of another database', 'x\r\ndb9:keys=0\r\ny'],
    ['a heading', 'x\r\n# Keyspace\r\ny'],
    ['the line of another replica', 'x\r\nslave1:ip=10.0.0.9,port=1\r\ny'],
  ])('are noticed: %s', (_, address) => {
    expect(readInfoText(announced(`${full}${redis7Master}${keyspace}`, address)).trust).toBe('forged');
    expect(readInfoText(announced(redis7Master, address)).trust).toBe('forged');
  });

  test('are noticed, or change nothing but the list of replicas, whatever they are', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 5000; round++) {
      expect(() => target.run(random)).not.toThrow();
    }
  });
});

test('of a field that stands twice the first is kept', () => {
  expect(readInfoText('role:master\r\nrole:slave\r\n').fields.get('role')).toBe('master');
});

describe('a reply beyond measure', () => {
  test('is read up to a limit', () => {
    const padding = 'x'.repeat(MAX_INFO_LENGTH);
    expect(readInfoText(`role:master\r\n${padding}\r\nrun_id:a\r\n`).fields).toEqual(
      new Map([['role', 'master']]),
    );
  });

  test.each([
    ['lines without a letter', '\n'],
    ['lines that begin like a field', 'r\n'],
    ['the same field', 'role:a\r\n'],
    ['replicas', 'slave1:ip=a,port=1\r\n'],
    ['one line', 'a'],
  ])('costs no more than one of the limit: %s', (_, line) => {
    // A hundred times as much as is read.
    const text = line.repeat(Math.ceil((100 * MAX_INFO_LENGTH) / line.length));
    expect(readInfoText(text).fields.size).toBeLessThan(2);
  });
});
