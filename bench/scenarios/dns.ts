import type { Address, Dns } from '../contenders/contender.js';

/** The names of a group; TLS certificates have to be for them. */
export const dnsNames = { primary: 'primary.test', reader: 'reader.test' } as const;

/**
 * DNS during one round: it goes on giving the answers that were true at its start, each name with all its addresses.
 * A cloud moves its names as well, but seconds after the promotion, when a round is over.
 */
export function createDns(nodes: readonly Address[], master: Address): Dns {
  const replicas = nodes.filter(({ host }) => host !== master.host).map(({ host }) => host);
  const answers = new Map<string, readonly string[]>([
    [dnsNames.primary, [master.host]],
    [dnsNames.reader, replicas],
  ]);
  return {
    primary: `${dnsNames.primary}:${master.port}`,
    reader: `${dnsNames.reader}:${master.port}`,
    async lookup(hostname) {
      const addresses = answers.get(hostname);
      if (addresses === undefined) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
      return addresses;
    },
  };
}
