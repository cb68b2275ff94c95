import { findFaults, oneOf, throwFaults } from '../../options/rules.js';
import type { RedisServer } from '../servers/redis-server.js';
import { promote } from '../servers/replication.js';
import { findMaster, replicasOf, type Stage } from './stage.js';

/**
 * Which two nodes claim to be the master.
 *
 * - `superseded`: a replica is promoted, and the old master goes on. The replication history proves the new one.
 * - `contested`: the master is killed, and two of its replicas are promoted. Nothing proves either of them.
 *
 * @publicApi
 */
export type TwoMastersKind = (typeof twoMastersKinds)[number];

const twoMastersKinds = ['superseded', 'contested'] as const;

/** Returns the two that claim to be the master; of `superseded` the old one first. */
export async function twoMasters(
  stage: Stage,
  kind: TwoMastersKind = 'superseded',
): Promise<readonly [RedisServer, RedisServer]> {
  throwFaults(findFaults({ kind: oneOf(twoMastersKinds) }, { kind }), 'twoMasters: ');
  if (stage.sentinels !== undefined) {
    throw new TypeError(
      'twoMasters: Sentinels would make a replica of one at once; use a group without them',
    );
  }
  const master = await findMaster(stage);
  const [first, second] = await replicasOf(stage, master);
  if (first === undefined) {
    throw new TypeError(`twoMasters: ${master.endpoint} has no replica that runs`);
  }
  if (kind === 'superseded') {
    await promote(first);
    return [master, first];
  }
  if (second === undefined) {
    throw new TypeError('twoMasters: "contested" needs a master with two replicas, see option "replicas"');
  }
  await master.kill();
  await Promise.all([promote(first), promote(second)]);
  return [first, second];
}
