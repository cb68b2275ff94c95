import { BlockList, isIP, isIPv6 } from 'node:net';
import { describeValue } from '../options/describe-value.js';
import { allow, type Rule } from '../options/rules.js';
import type { Endpoint } from '../topology/endpoint.js';

/**
 * Which learned addresses may be followed: networks (`10.0.0.0/8`, `fd00::/8`), addresses, host names, and patterns of
 * names such as `*.example.com`, in which the star stands for one label as in a certificate. Or a function.
 *
 * @publicApi
 */
export type AllowedAddresses = readonly string[] | ((address: Endpoint) => boolean);

type IsAllowed = (address: Endpoint) => boolean;

/** The option `allow` of a source. */
export const allowedAddresses: Rule = (subject, value) =>
  Array.isArray(value)
    ? value.flatMap((each: unknown, index) => allowedEntry(`entry ${index + 1} of ${subject}`, each))
    : allow('a list of networks, addresses and host names, or a function', isFunction)(subject, value);

const allowedEntry = allow(
  'a network such as "10.0.0.0/8", an address, a host name, or a pattern such as "*.example.com"',
  (value) => typeof value === 'string' && (readNetwork(value) !== undefined || isPattern(value)),
);

/** Only what passes the rule `allowedAddresses` may be compiled. */
export function compileAllowed(allowed: AllowedAddresses): IsAllowed {
  if (typeof allowed === 'function') {
    return (address) => requireBoolean(allowed(address));
  }
  const networks = allowed.flatMap((entry) => readNetwork(entry) ?? []);
  const patterns = allowed.filter((entry) => readNetwork(entry) === undefined);
  const list = new BlockList();
  networks.forEach(({ address, prefix, family }) => list.addSubnet(address, prefix, family));
  return ({ host }) => {
    const version = isIP(host);
    return version === 0
      ? patterns.some((pattern) => matches(pattern.toLowerCase(), host.toLowerCase()))
      : list.check(host, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** @throws TypeError: a promise, for example, would count as true. */
function requireBoolean(result: unknown): boolean {
  if (typeof result === 'boolean') {
    return result;
  }
  throw new TypeError(
    `discoverNodes: what allow returned is ${describeValue(result)}; allowed is true or false`,
  );
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function readNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) {
    return undefined;
  }
  const [family, longest] = isIPv6(address) ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  const prefix = bits === undefined ? longest : Number(bits);
  return prefix <= longest ? { address, prefix, family } : undefined;
}

/** Not what looks like an IPv4 address or a network: a name does not end with a number. */
function isPattern(text: string): boolean {
  return /^(\*\.)?([a-z0-9_-]+\.)*(?!\d+$)[a-z0-9_-]+$/i.test(text) && text.length <= 253;
}

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.replace(/^[^.]+/, '*') === pattern : host === pattern;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
