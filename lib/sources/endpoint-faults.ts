import { isIPv6 } from 'node:net';
import { isSocketPath } from '../topology/endpoint.js';
import { allow, findFaults, flag, isPlainObject, oneOf, text, wholeNumber } from '../options/rules.js';

const rules = {
  host: allow('a host name or an IP address, without port', (value) => isHost(value) || isSocketPath(value)),
  port: wholeNumber(1, 65_535),
  tls: flag,
  servername: allow('a non-empty string, or a list of such', isNames),
  intended: oneOf(['master']),
  derived: flag,
  credentials: oneOf(['ask first']),
  zone: text,
};

/** Of a Unix socket. */
const noPort = wholeNumber(0, 0);

/** What is wrong with a value that must be an `Endpoint`. `subject` names the value. */
export function endpointFaults(value: unknown, subject: string): readonly string[] {
  return isPlainObject(value)
    ? findFaults({ ...rules, ...(isSocketPath(Reflect.get(value, 'host')) && { port: noPort }) }, value, {
        subjectOf: (key) => `"${key}" of ${subject}`,
        required: ['host', 'port'],
        unknown: 'similar',
      })
    : allow('{ host, port }', isPlainObject)(subject, value);
}

/** The same question for many values, without the reasons. */
export function isAddress({ host, port }: { readonly host: string; readonly port: number }): boolean {
  return isHost(host) && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function isNames(value: unknown): boolean {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
}

/** A name of DNS has at most 253 characters. */
function isHost(value: unknown): boolean {
  return typeof value === 'string' && (/^[A-Za-z0-9._-]{1,253}$/.test(value) || isIPv6(value));
}
