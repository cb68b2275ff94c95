import type { NodeSource, UrlOptions } from 'nestjs-redis-replication';

/** The source of a URL that is not of a cluster. */
export function sourceOf({ source }: UrlOptions): NodeSource {
  if (source === undefined) throw new Error('It is the URL of a cluster');
  return source;
}
