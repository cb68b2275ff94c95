import { isIPv6 } from 'node:net';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../lib/topology/endpoint.js';
import { endpointFaults } from '../../lib/sources/endpoint-faults.js';
import type { SeededRandom } from '../topology/seeded-random.js';
import type { FuzzTarget } from './fuzz-target.js';
import { garbageText, pasteText } from './garbage.js';

/** What a user may paste as an endpoint: it is a valid one that survives a round trip, or a `TypeError`. */
export const target: FuzzTarget = {
  name: 'parse-endpoint',
  run: (random) => {
    const text = random.chance(0.5) ? pasteText(random, parts) : garbageText(random, 200);
    const endpoint = parsedOrRefused(text);
    if (endpoint === undefined) return;
    const again = parseEndpoint(formatEndpoint(endpoint));
    if (again.host !== endpoint.host || again.port !== endpoint.port) {
      throw new Error(
        `${JSON.stringify(text)} is ${formatEndpoint(endpoint)}, and then ${formatEndpoint(again)}`,
      );
    }
    // A host of colons and dots need not be an address; dialling it fails then.
    const faults =
      endpoint.host.includes(':') && !isIPv6(endpoint.host) ? [] : endpointFaults(endpoint, 'it');
    if (faults.length > 0) throw new Error(`${JSON.stringify(text)}: ${faults.join()}`);
  },
};

const parts: (random: SeededRandom) => string = ({ oneOf, below }) =>
  oneOf([
    'redis://',
    'rediss://',
    'http://',
    'unix:',
    '/run/redis.sock',
    'user:secret@',
    'host',
    'Host.Example.com',
    '10.0.0.1',
    '[::1]',
    '[2001:db8::1]',
    '::',
    ':',
    ':6379',
    ':0',
    ':65536',
    ':000001',
    `:${below(100_000)}`,
    '/',
    '/0',
    '?db=1',
    '#',
    ',ssl=True',
    ' ',
    '\n',
    '%00',
  ]);

function parsedOrRefused(text: string): Endpoint | undefined {
  try {
    return parseEndpoint(text);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
