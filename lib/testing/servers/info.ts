import type { RedisServer } from './redis-server.js';

/** The fields of one `INFO` section, by name. */
export async function readInfo(server: RedisServer, section: string): Promise<ReadonlyMap<string, string>> {
  const text = String(await server.command('INFO', section));
  const fields = text.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
  });
  return new Map(fields);
}
