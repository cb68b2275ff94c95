import type { Command } from 'ioredis';
import type { Logins } from '../credentials/logins.js';
import type { Dial } from '../sockets/dial.js';
import type { TopologyStream } from '../stream/topology-stream.js';
import type { Endpoint } from '../topology/endpoint.js';
import {
  pickReader,
  pickWriter,
  replicasIn,
  type Pick,
  type ReadFrom,
  type WriterPolicy,
} from '../topology/pick.js';
import type { Topology } from '../topology/topology.js';
import { readerRefusal } from './outcomes/command-traits.js';
import { ReadOnlyConnectionError } from './outcomes/errors.js';
import type { Account } from './outcomes/ledger.js';
import type { Notices } from '../notices/notices.js';
import { FollowingRedis } from './following-redis.js';
import type { RedisConnectionOptions } from './ioredis/redis-options.js';
import type { HoldOptions } from './outcomes/rejections.js';
import type { Resend } from './outcomes/resend.js';

/** The options that writer and reader share. */
export interface ConnectionOptions {
  readonly stream: TopologyStream;
  readonly dial: Dial;
  readonly redis: RedisConnectionOptions;
  /** Credentials that change, in place of those in `redis`. */
  readonly logins?: Logins | undefined;
  readonly hold: HoldOptions;
  readonly resend: Resend;
  readonly notices: Notices;
  /** Where it is counted what becomes of the commands. Default: nowhere. */
  readonly account?: Account | undefined;
  /** A node that is left gets this time to answer what was sent. */
  readonly replyTimeoutMs: number;
  /** The limit for dial and TLS, and again for the handshake, unless `redis.connectTimeout` is set. */
  readonly connectTimeoutMs: number;
}

/** The connection that always leads to the master. */
export function createWriter(options: ConnectionOptions & WriterPolicy): FollowingRedis {
  const { line, ...settings } = settingsFor(options, (topology) => pickWriter(topology, options));
  return new FollowingRedis({ ...settings, tellsRecovery: true, line: { ...line, candidates: replicasIn } });
}

/** A connection that leads to a node to read from, and refuses everything but reads. */
export function createReader(options: ConnectionOptions & { readonly readFrom: ReadFrom }): FollowingRedis {
  const { readFrom } = options;
  const choose = (topology: Topology, current: string | undefined) =>
    pickReader(topology, { readFrom, current, random: Math.random() });
  return new FollowingRedis({ ...settingsFor(options, choose), refuse: refuseWrites(options.account) });
}

/** What a reader does not send. */
export function refuseWrites(account: Account | undefined): (command: Command) => Error | undefined {
  return (command) => {
    const advice = readerRefusal(command);
    if (advice === undefined) {
      return undefined;
    }
    account?.note({ kind: 'refused', reason: 'not a read' });
    return new ReadOnlyConnectionError(command.name, advice);
  };
}

/** The settings of a connection to the node that `choose` picks. */
export function settingsFor(
  options: ConnectionOptions,
  choose: (topology: Topology, current: string | undefined) => Pick,
) {
  const { stream, dial, redis, logins, hold, resend, notices, account } = options;
  const { replyTimeoutMs, connectTimeoutMs } = options;
  const { tls, family, connectTimeout = connectTimeoutMs } = redis;
  return {
    redis,
    logins,
    hold,
    resend,
    notices,
    account,
    begin: 'when asked' as const,
    line: {
      stream,
      choose,
      notices,
      drainMs: replyTimeoutMs,
      handshakeMs: connectTimeout,
      reach: (endpoint: Endpoint) => dial(endpoint, { tls, family, connectTimeoutMs: connectTimeout }),
    },
  };
}
