import { isIPv6 } from 'node:net';
import { allow, findFaults, flag, isPlainObject, oneOf, text, wholeNumber } from '../options/rules.js';

const rules = {
  host: allow('a host name or an IP address, without port', isHost),
  port: wholeNumber(1, 65_535),
  tls: flag,
  servername: text,
  intended: oneOf(['master']),
  derived: flag,
};

/** What is wrong with a value that must be an `Endpoint`. `subject` names the value. */
export function endpointFaults(value: unknown, subject: string): readonly string[] {
  return isPlainObject(value)
    ? findFaults(rules, value, {
        subjectOf: (key) => `"${key}" of ${subject}`,
        required: ['host', 'port'],
        unknown: 'similar',
      })
    : allow('{ host, port }', isPlainObject)(subject, value);
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && (/^[A-Za-z0-9._-]+$/.test(value) || isIPv6(value));
}
