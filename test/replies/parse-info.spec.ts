import { describe, expect, test } from 'vitest';
import { readInfoText } from '../../lib/replies/info-text.js';
import { parseInfo, readReplication, readVersion } from '../../lib/replies/parse-info.js';
import { redis7Master, redis7Replica, syncingReplica, valkey8Master } from './info-texts.js';

describe('INFO replication', () => {
  test('of a Redis 7 master lists its replicas, IPv6 among them, and its history with the previous id', () => {
    expect(readReplication(readInfoText(redis7Master))).toStrictEqual({
      role: 'master',
      history: {
        id: '6b7a0f1a5c5d3c8e2f4b9a0d1e2f3a4b5c6d7e8f',
        previous: { id: '0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c', from: 1254 },
      },
      offset: 1516,
      named: [
        { host: '10.0.0.2', port: 6380 },
        { host: '2001:db8::3', port: 6381 },
      ],
    });
  });

  test('of a Valkey 8 master that was never promoted has no previous id', () => {
    expect(readReplication(readInfoText(valkey8Master))).toStrictEqual({
      role: 'master',
      history: { id: '8a1f3c5e7d9b0a2c4e6f8d1b3a5c7e9f0b2d4a6c' },
      offset: 14,
      named: [{ host: 'replica-1.example', port: 6379 }],
    });
  });

  test('of a replica lists its master and the replicas chained behind it, and its applied offset', () => {
    expect(readReplication(readInfoText(redis7Replica))).toStrictEqual({
      role: 'replica',
      history: { id: '6b7a0f1a5c5d3c8e2f4b9a0d1e2f3a4b5c6d7e8f' },
      offset: 1516,
      link: 'up',
      follows: { host: '10.0.0.1', port: 6379 },
      named: [
        { host: '10.0.0.1', port: 6379 },
        { host: '10.0.0.3', port: 6379 },
      ],
    });
  });

  test('of a replica in full sync gives the link syncing', () => {
    expect(readReplication(readInfoText(syncingReplica))).toMatchObject({
      role: 'replica',
      link: 'syncing',
      offset: 1,
      named: [{ host: 'redis-master.example', port: 6379 }],
    });
  });

  test('of a replica whose link is down gives the link down', () => {
    const text = redis7Replica.replace('master_link_status:up', 'master_link_status:down');
    expect(readReplication(readInfoText(text))).toMatchObject({ link: 'down' });
  });

  test.each([
    ['an empty text', ''],
    ['no role', '# Replication\r\nmaster_repl_offset:1\r\n'],
    ['the role of a Sentinel', 'role:sentinel\r\n'],
  ])('with %s gives no report', (_, text) => {
    expect(readReplication(readInfoText(text))).toBeUndefined();
  });

  test('without ids and offset gives the role only', () => {
    expect(readReplication(readInfoText('role:master\r\n'))).toStrictEqual({ role: 'master', named: [] });
  });

  test.each([
    [
      'that is the second connection of a first copy',
      'slave0:ip=127.0.0.1,port=41234,state=send_bulk,offset=0,lag=3,type=rdb-channel',
    ],
    ['without a port', 'slave0:ip=10.0.0.2,state=online'],
    ['without an address', 'slave0:ip=,port=6379,state=online'],
    ['whose address has a control character', 'slave0:ip=10.0.0.2\x1b[2J,port=6379,state=online'],
    ['whose address has a blank', 'slave0:ip=10.0.0.2 x,port=6379,state=online'],
    ['whose address is longer than any name', `slave0:ip=${'a'.repeat(254)},port=6379,state=online`],
    ['with a port that is none', 'slave0:ip=10.0.0.2,port=65536,state=online'],
    ['with a port in another notation', 'slave0:ip=10.0.0.2,port=1e3,state=online'],
    ['with port 0', 'slave0:ip=10.0.0.2,port=0,state=online'],
    ['of a field with a similar name', 'slave_priority:100'],
  ])('leaves out a replica %s', (_, line) => {
    expect(readReplication(readInfoText(`role:master\r\n${line}\r\n`))?.named).toEqual([]);
  });

  test('ignores an offset that is no number', () => {
    expect(readReplication(readInfoText('role:master\r\nmaster_repl_offset:many\r\n'))).not.toHaveProperty(
      'offset',
    );
  });
});

describe('a replica that cannot reach its master', () => {
  const lost = 'role:slave\r\nmaster_link_status:down\r\n';

  test.each([
    ['was never in sync, if it has neither a past link nor an offset', { since: -1, offset: 0 }, true],
    ['was in sync before its restart, if it has an offset', { since: -1, offset: 1516 }, undefined],
    ['was in sync, if it knows since when the link is down', { since: 7, offset: 0 }, undefined],
  ])('%s', (_, { since, offset }, neverSynced) => {
    const text = `${lost}master_link_down_since_seconds:${since}\r\nmaster_repl_offset:${offset}\r\n`;
    expect(readReplication(readInfoText(text))?.neverSynced).toBe(neverSynced);
  });
});

test.each([
  ['# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb7:keys=40,expires=1,avg_ttl=5\r\n', 43],
  ['# Replication\r\n\r\n# Keyspace\r\n', 0],
  ['# Replication\r\n', undefined],
])('the keys in %j are %s', (text, keys) => {
  expect(readReplication(readInfoText(`role:master\r\n${text}`))?.keys).toBe(keys);
});

test.each([
  ['redis_version:7.0.15', 'redis 7.0.15'],
  ['redis_version:7.2.4\r\nvalkey_version:8.1.1', 'valkey 8.1.1'],
  ['redis_version:8.0.6-pre+build.1', 'redis 8.0.6-pre+build.1'],
  ['redis_version:<script>', undefined],
  ['', undefined],
])('the version in %j is %s', (lines, version) => {
  const info = readInfoText(`# Server\r\n${lines}\r\n# Replication\r\nrole:master\r\n`);
  expect(readVersion(info.fields).version).toBe(version);
});

test('fields may contain colons; headings, empty lines and fields of no use are left out', () => {
  const info = parseInfo('# Server\r\nrun_id:a:b\r\n\r\nexecutable:/opt/a\n:nameless\nno field\nrole:master');
  expect([...info]).toEqual([
    ['run_id', 'a:b'],
    ['role', 'master'],
  ]);
});

test.each([
  ['is longer than any id', 'a'.repeat(65)],
  ['has blanks', 'a b'],
  ['is forty zeros', '0'.repeat(40)],
  ['has a control character', 'a\x1b[2J'],
])('an id that %s is none', (_, id) => {
  const text = `role:master\r\nmaster_replid:${id}\r\nmaster_repl_offset:1\r\n`;
  expect(readReplication(readInfoText(text))).toStrictEqual({ role: 'master', offset: 1, named: [] });
});

test('a previous id without a whole number as its end is none', () => {
  const text = 'role:master\r\nmaster_replid:R2\r\nmaster_replid2:R1\r\nsecond_repl_offset:1e400\r\n';
  expect(readReplication(readInfoText(text))?.history).toEqual({ id: 'R2' });
});
