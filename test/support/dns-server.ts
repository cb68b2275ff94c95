import { Resolver } from 'node:dns/promises';
import { onTestFinished } from 'vitest';
import type { Reply } from './dns-message.js';
import { startNameServer, type NameServer } from './name-server.js';

export interface DnsServer extends Pick<NameServer, 'endpoint' | 'zone' | 'questions'> {
  /** Asks this server only. Its answers have their time to live. */
  readonly resolver: Resolver;
  /** All addresses of a name, IPv4 and IPv6. Rejects as `Resolver` does if there is none of either. */
  lookup(hostname: string): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
}

/** A name server that ends with the test, and who asks it. */
export async function startDnsServer(zone: Record<string, Reply> = {}): Promise<DnsServer> {
  const { endpoint, questions, stop } = await startNameServer(zone);
  onTestFinished(stop);
  const resolver = new Resolver({ timeout: 300, tries: 1 });
  resolver.setServers([endpoint]);
  onTestFinished(() => resolver.cancel());
  return { endpoint, zone, questions, resolver, lookup: (hostname) => lookupAll(resolver, hostname) };
}

async function lookupAll(resolver: Resolver, hostname: string) {
  const answers = await Promise.allSettled([
    resolver.resolve4(hostname, { ttl: true }),
    resolver.resolve6(hostname, { ttl: true }),
  ]);
  const found = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const [first] = answers;
  if (found.length === 0 && first.status === 'rejected') throw first.reason;
  return found;
}
