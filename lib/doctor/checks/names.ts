import { isIP } from 'node:net';
import type { Facts, NameFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';

/** A name that follows the master is to lead to the new one soon. */
const LONGEST_TTL_SECONDS = 60;

/** What names lead to, how fast, and for how long. */
export function checkNames({ names, setup }: Facts): readonly Finding[] {
  return names.flatMap((name) => [...several(name, setup), ...slow(name, setup), ...longLived(name, setup)]);
}

function several({ name, addresses }: NameFacts, { source }: Facts['setup']): readonly Finding[] {
  const counts = [4, 6].map((family) => addresses.filter((address) => isIP(address) === family).length);
  if (source === 'primary' || Math.max(...counts) < 2) {
    return [];
  }
  return [
    finding('dns-several', {
      what: `the name ${name} leads to ${addresses.length} addresses (${addresses.slice(0, 4).join(', ')}), so connections to one node lead to several servers`,
      remedy:
        'Name each server by an address or a name of its own; for a name that follows the master, use `--source primary` (primaryEndpoint).',
    }),
  ];
}

function slow({ name, ms, addresses }: NameFacts, { replyTimeoutMs }: Facts['setup']): readonly Finding[] {
  return addresses.length > 0 && ms > replyTimeoutMs
    ? [
        finding('dns-slow', {
          what: `resolving ${name} took ${Math.round(ms)} ms`,
          remedy: 'Run a caching name server on this machine, or name the nodes by addresses.',
        }),
      ]
    : [];
}

function longLived({ name, ttl }: NameFacts, { source }: Facts['setup']): readonly Finding[] {
  return source === 'primary' && ttl !== undefined && ttl > LONGEST_TTL_SECONDS
    ? [
        finding('dns-ttl', {
          what: `what ${name} leads to may be remembered for ${ttl} s, so that a name that has moved is noticed late`,
          remedy: 'Give the record a time to live of 60 s or less, or list the nodes with staticNodes.',
        }),
      ]
    : [];
}

/** Addresses that nodes name: of replicas and masters that this app, other apps or Sentinels are to reach. */
export function checkAnnounced(facts: Facts): readonly Finding[] {
  const { announced, setup } = facts;
  const unreachable = announced.filter(({ reach }) => reach.kind === 'failed');
  return [
    ...unreachable.map(({ endpoint, host, by, reach }) =>
      finding('announced-unreachable', {
        node: by[0],
        what: `it names ${endpoint}, which cannot be reached from here${reach.kind === 'failed' ? `: ${reach.message}` : ''}`,
        remedy: `On the node that is meant by ${host}, run \`CONFIG SET replica-announce-ip <address>\` (and \`replica-announce-port\`), or translate the address by \`mapEndpoint\`.`,
      }),
    ),
    ...(setup.source === 'static' ? unlisted(facts) : []),
  ];
}

/** Behind NAT a replica is named by another address, so the replicas that are known count, too. */
function unlisted({ announced, nodes }: Facts): readonly Finding[] {
  const reachable = announced.filter(({ reach }) => reach.kind === 'open');
  return nodes.flatMap(({ node, server }) => {
    const theirs = reachable.filter(({ by }) => by.includes(node.endpoint));
    const listed = Number(server?.info.get('connected_slaves') ?? 0);
    const followers = nodes.filter((each) => each.server?.follows !== undefined).length;
    const isMissing = node.kind === 'master' ? listed > followers : node.reachable && node.role === 'replica';
    return isMissing
      ? theirs.map(({ endpoint }) =>
          finding('unlisted-node', {
            node: node.endpoint,
            what: `it names ${endpoint}, which is not among the nodes; if that one is promoted, the app does not find it`,
            remedy: `Add "${endpoint}" to staticNodes, or use discoverNodes or sentinelNodes.`,
          }),
        )
      : [];
  });
}
