import { lookup as dnsLookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { monotonicMs } from '../../clock/clock.js';
import type { NameFacts } from '../facts.js';
import { within } from './within.js';

/** How names are resolved: as connections do it, and by the name server itself, which tells the time to live. */
export interface Names {
  readonly addresses: (name: string) => Promise<readonly string[]>;
  /** In seconds. Rejects if the name server does not know the name, as with those in `/etc/hosts`. */
  readonly ttl: (name: string) => Promise<number>;
}

/** @param family 4 or 6 if only such addresses are used. */
export function systemNames(family = 0): Names {
  return {
    addresses: async (name) => (await dnsLookup(name, { all: true, family })).map(({ address }) => address),
    ttl: async (name) => {
      const resolver = new Resolver({ timeout: TTL_LIMIT_MS, tries: 1 });
      const answers = await Promise.allSettled([
        resolver.resolve4(name, { ttl: true }),
        resolver.resolve6(name, { ttl: true }),
      ]);
      const found = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      if (found.length === 0) {
        throw new Error('the name server has no address');
      }
      return Math.min(...found.map(({ ttl }) => ttl));
    },
  };
}

const TTL_LIMIT_MS = 300;

/** What names lead to. A name that cannot be resolved has no addresses. */
export async function resolveNames(
  hosts: readonly string[],
  names: Names,
  limitMs: number,
): Promise<readonly NameFacts[]> {
  const distinct = [...new Set(hosts)].filter((host) => isIP(host) === 0);
  return Promise.all(
    distinct.map(async (name): Promise<NameFacts> => {
      const startedAt = monotonicMs();
      const ttl = within(TTL_LIMIT_MS, names.ttl(name)).catch(() => undefined);
      const addresses = await within(limitMs, names.addresses(name)).catch(() => []);
      const ms = Math.round((monotonicMs() - startedAt) * 10) / 10;
      const seconds = await ttl;
      return { name, addresses, ms, ...(seconds !== undefined && { ttl: seconds }) };
    }),
  );
}
