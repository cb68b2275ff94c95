import type { ResolvedOptions } from './options.js';

interface Connectable {
  readonly connect: () => Promise<unknown>;
}

interface Connections<Writer extends Connectable> {
  readonly writer: Writer;
  readonly reader: Connectable | undefined;
  /** Waits until the writer is connected. */
  readonly require: (writer: Writer) => Promise<void>;
}

/** Connects as `boot` and `redis.lazyConnect` say. */
export async function beginConnections<Writer extends Connectable>(
  { boot, redis }: Pick<ResolvedOptions, 'boot' | 'redis'>,
  { writer, reader, require }: Connections<Writer>,
): Promise<void> {
  const isLazy = redis.lazyConnect === true;
  if (!isLazy) {
    reader?.connect().catch(() => undefined);
  }
  if (boot === 'required' || !isLazy) {
    // It rejects if another provider has connected it already, or if just the first attempt fails.
    writer.connect().catch(() => undefined);
  }
  if (boot === 'required') {
    await require(writer);
  }
}
