import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import {
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  RedisReplicationModule,
  staticNodes,
  type RedisReplicationOptions,
  type Topology,
} from '../../lib/index.js';
import { channel, connectionName } from './keys.js';
import type { TortureGroup } from './group.js';
import type { Recorder } from './recorder.js';

/** One Nest app with the module, and the connections that its load uses. */
export interface TortureApp {
  readonly name: string;
  /** The index of its own proxy among those of each node. */
  readonly index: number;
  readonly writer: Redis;
  readonly reader: Redis;
  /** Duplicates of the writer. */
  readonly impatient: Redis;
  readonly autoPipelined: Redis;
  /** For transactions whose commands are issued one by one, because they must not share a connection. */
  readonly exclusive: Redis;
  readonly consumer: Redis;
  readonly subscriber: Redis;
  /** The name of the node that it currently accepts as master. */
  readonly master: () => string | undefined;
  /** When the latest message that it received was published, as far as it knows. */
  readonly receivedAt: () => number;
  readonly connections: readonly Redis[];
  readonly close: () => Promise<void>;
}

export interface AppSetting {
  readonly name: string;
  readonly index: number;
  readonly hold: NonNullable<RedisReplicationOptions['hold']>;
}

/** Two scripts of ioredis: each must be loaded again on every master that does not have it. */
const scripts = {
  tortureAppend: { numberOfKeys: 1, lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" },
};

export async function startTortureApp(
  group: TortureGroup,
  recorder: Recorder,
  setting: AppSetting,
): Promise<TortureApp> {
  const { name, index, hold } = setting;
  const module = RedisReplicationModule.forRoot({
    source: staticNodes(group.endpointsFor(index)),
    redis: { connectionName, scripts },
    boot: 'required',
    hold,
  });
  const nest = await NestFactory.createApplicationContext(module, { logger: false });
  const writer = nest.get<Redis>(getRedisWriterToken());
  const reader = nest.get<Redis>(getRedisReaderToken());
  const topology$ = nest.get<Observable<Topology>>(getRedisTopologyToken());
  const duplicates = {
    impatient: writer.duplicate({ commandTimeout: 200 }),
    autoPipelined: writer.duplicate({ enableAutoPipelining: true }),
    exclusive: writer.duplicate(),
    consumer: writer.duplicate(),
    subscriber: writer.duplicate(),
  };
  const master = followViews(topology$, { group, recorder, setting });
  const receivedAt = await listen(duplicates.subscriber, recorder, name);
  return {
    name,
    index,
    writer,
    reader,
    ...duplicates,
    master,
    receivedAt,
    connections: [writer, reader, ...Object.values(duplicates)],
    close: () => nest.close(),
  };
}

interface Viewer {
  readonly group: TortureGroup;
  readonly recorder: Recorder;
  readonly setting: AppSetting;
}

function followViews(
  topology$: Observable<Topology>,
  { group, recorder, setting: { name, index } }: Viewer,
): () => string | undefined {
  let current: string | undefined;
  const nameOf = (endpoint: string | undefined) =>
    group.nodes.find(({ proxies }) => proxies[index]?.endpoint === endpoint)?.name;
  topology$.subscribe((topology) => {
    current = nameOf('master' in topology ? topology.master : undefined);
    const { generation } = topology;
    recorder.view({
      app: name,
      at: performance.now(),
      generation,
      ...(current !== undefined && { master: current }),
    });
  });
  return () => current;
}

async function listen(subscriber: Redis, recorder: Recorder, app: string): Promise<() => number> {
  let latest = -Infinity;
  subscriber.on('message', (_: string, id: string) => {
    recorder.delivery({ app, id });
    latest = Math.max(latest, recorder.issuedAt(id) ?? -Infinity);
  });
  await subscriber.subscribe(channel);
  return () => latest;
}
