import { distinctUntilChanged, map, scan, startWith, tap, withLatestFrom } from 'rxjs';
import { aFunction, findFaults, flag, throwFaults, wholeNumber } from '../options/rules.js';
import { formatEndpoint, type Endpoint } from '../topology/endpoint.js';
import { allowedAddresses, compileAllowed, type AllowedAddresses } from './allowed-addresses.js';
import { tell, warnOfPassword } from './discovery-notices.js';
import { endpointFaults, isAddress } from './endpoint-faults.js';
import { learn, nothingLearned, type DiscoveryRules } from './learned-nodes.js';
import type { NodeSource, SourceNode, SourceSecurity } from './node-source.js';
import { readEndpoints } from './read-endpoints.js';

/** @publicApi */
export interface DiscoverNodesOptions {
  /**
   * Translates an address reported by a server into one that this app can reach (NAT, containers). `undefined` leaves
   * the address out. Default: addresses are used as reported.
   */
  readonly mapEndpoint?: (named: Endpoint) => Endpoint | undefined;
  /**
   * Which learned addresses may be followed, after `mapEndpoint`: networks such as `10.0.0.0/8`, addresses, host names,
   * patterns such as `*.example.com`, or a function. Others are left out; seeds are always followed. Strongly recommended
   * where anybody else can reach the port of the nodes: whoever may run `PSYNC` there can have any address listed, and the
   * app sends its password to it. Default: all.
   */
  readonly allow?: AllowedAddresses;
  /**
   * How many nodes are followed at most, seeds included (1 to 1000). The seeds come first, then nodes that are proven to
   * be of the group, then those that most proven nodes list. Default 32.
   */
  readonly maxNodes?: number;
  /**
   * Follow a learned address only if something proves that it is a node of the user: a certificate, or a proven node that
   * replicates from it. See `docs/security.md`. Default `false`: an address without proof is asked without credentials
   * first, and is sent them if it requires them.
   */
  readonly requireProof?: boolean;
}

/**
 * The seeds, and every node that a reachable node lists in `INFO replication`. Seeds are never removed. An unreachable
 * address stays while a reachable node lists it, and is removed afterwards as soon as a master is reachable. Requires the
 * permission for `INFO`; without it only the seeds are known.
 *
 * With TLS, the certificate of a learned node must be for the name of a seed, for an address that `allow` lists, or for
 * `tls.servername`: a name that a node made up proves nothing.
 *
 * Managed services often list internal addresses that an app cannot reach: use `staticNodes` or `primaryEndpoint`
 * there.
 *
 * @throws TypeError if the list of seeds is empty, a seed is malformed or listed twice, or an option is wrong.
 * @publicApi
 */
export function discoverNodes(seeds: readonly string[], options: DiscoverNodesOptions = {}): NodeSource {
  const endpoints = readEndpoints('discoverNodes', seeds);
  throwFaults(findFaults(optionRules, options), 'discoverNodes: ');
  return (context) => {
    const rules = readRules(endpoints, options, context.security);
    const withholds = context.security?.password !== false;
    warnOfPassword(rules, options, context);
    return context.observations$.pipe(
      withLatestFrom(context.seeking$.pipe(startWith(true))),
      scan(
        (known, [observation, seeking]) => learn(known, observation, { ...rules, seeking }),
        nothingLearned,
      ),
      distinctUntilChanged(),
      tap((known) => tell(known, rules, context)),
      map(({ nodes }) =>
        nodes.map(({ endpoint, isProven }): SourceNode => {
          const asksFirst = withholds && !isProven && !rules.isCertified(endpoint);
          return { ...endpoint, derived: true, ...(asksFirst && { credentials: 'ask first' }) };
        }),
      ),
      startWith<readonly SourceNode[]>([]),
      map((learned) => [...endpoints, ...learned]),
      distinctUntilChanged(sameNodes),
    );
  };
}

const optionRules = {
  mapEndpoint: aFunction,
  allow: allowedAddresses,
  maxNodes: wholeNumber(1, 1000),
  requireProof: flag,
};

function readRules(
  seeds: readonly Endpoint[],
  { mapEndpoint, allow, maxNodes = 32, requireProof = false }: DiscoverNodesOptions,
  security: SourceSecurity | undefined,
): DiscoveryRules {
  const isTls = (address: Endpoint) => security?.tls === true || address.tls === true;
  return {
    seeds,
    maxNodes,
    requireProof,
    isAllowed: allow === undefined ? () => true : compileAllowed(allow),
    isCertified: (address) => security?.verifies === true && isTls(address),
    locate: (named) => {
      // A replica announces any text as its address.
      const address = isAddress(named) ? translate(named, mapEndpoint) : undefined;
      if (address === undefined || !isTls(address)) {
        return address;
      }
      const isGiven = allow !== undefined || address.host !== named.host;
      return { servername: namesFor(address, seeds, isGiven), ...address };
    },
  };
}

/** @throws TypeError if the app maps an address to anything but an endpoint or `undefined`. */
function translate(named: Endpoint, mapEndpoint: DiscoverNodesOptions['mapEndpoint']): Endpoint | undefined {
  const mapped = mapEndpoint === undefined ? named : mapEndpoint(named);
  if (mapEndpoint !== undefined && mapped !== undefined) {
    throwFaults(endpointFaults(mapped, 'what mapEndpoint returned'), 'discoverNodes: ');
  }
  return mapped;
}

/** The names of which the certificate of a learned node must have one: all are given by the user. */
function namesFor({ host }: Endpoint, seeds: readonly Endpoint[], isGiven: boolean): readonly string[] {
  return [...new Set([...(isGiven ? [host] : []), ...seeds.map((seed) => seed.host)])];
}

function sameNodes(a: readonly SourceNode[], b: readonly SourceNode[]): boolean {
  const known = new Set(a.map(describeNode));
  return a.length === b.length && b.every((node) => known.has(describeNode(node)));
}

function describeNode(node: SourceNode): string {
  return `${formatEndpoint(node)} ${node.credentials ?? ''}`;
}
