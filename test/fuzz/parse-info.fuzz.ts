import assert from 'node:assert/strict';
import { readInfoText } from '../../lib/replies/info-text.js';
import { readReplication } from '../../lib/replies/parse-info.js';
import { redis7Master, redis7Replica, valkey8Master } from '../replies/info-texts.js';
import type { SeededRandom } from '../topology/seeded-random.js';

const keyspace = '\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb2:keys=1,expires=0,avg_ttl=0\r\n';

/** An honest reply whose only replica has announced the address `ADDRESS`. */
const honest = [redis7Master, valkey8Master, redis7Replica].map(
  (text) => `${text.replace(/^slave0:ip=[^,]+/m, 'slave0:ip=ADDRESS')}${keyspace}`,
);

const names = [
  'role master_replid master_replid2 master_repl_offset second_repl_offset run_id redis_mode server_mode loading',
  'redis_version master_host master_port master_link_status master_sync_in_progress slave_repl_offset slave0 slave1',
  'master_link_down_since_seconds connected_clients db0 db1 db2 db77 # y Role role\u2028',
].flatMap((words) => words.split(' '));
const values = [
  'slave',
  'master',
  'sentinel',
  '1',
  '-1',
  '0',
  'R9',
  '',
  'keys=9',
  'ip=a,port=1',
  '\u001B[2J',
  ':',
];

/** What a replica announces as its address: any lines of its own. */
export const target = {
  name: 'parse-info',
  run: (random: SeededRandom): void => {
    const text = random.oneOf(['', ...honest]);
    const address = writeAddress(random);
    const info = readInfoText(text.replace('ADDRESS', () => address));
    const report = readReplication(info);
    if (info.trust === 'plain' && text !== '') {
      const plain = readReplication(readInfoText(text.replace('ADDRESS', '10.0.0.2')));
      // Which nodes there are is hearsay in any case.
      assert.deepEqual({ ...report, named: [] }, { ...plain, named: [] }, JSON.stringify(address));
    }
    for (const { host, port } of report?.named ?? []) {
      assert.match(`${host} ${port}`, /^[a-z0-9._:-]{1,253} \d{1,5}$/);
    }
  },
};

function writeAddress({ below, oneOf, chance }: SeededRandom): string {
  const lines = Array.from({ length: below(5) }, () =>
    chance(0.9) ? `${oneOf(['role', ...names])}:${oneOf(['', ...values])}` : noise(below),
  );
  return [oneOf(['x', '', '10.9.9.9,port=1,state=online']), ...lines].join(
    oneOf(['\r\n', '\n', '\r', '\r\r\n']),
  );
}

function noise(below: SeededRandom['below']): string {
  return String.fromCodePoint(...Array.from({ length: below(20) }, () => below(0xd800)));
}
