import { describe, expect, test } from 'vitest';
import { readListing, type Replies } from '../../../lib/sources/sentinel/listing.js';
import { formatEndpoint, type Endpoint } from '../../../lib/topology/endpoint.js';

const nothing: Replies = { master: null, replicas: null, sentinels: null, id: null, info: null };
const asListed = { node: (named: Endpoint) => named, sentinel: (named: Endpoint) => named };

function entry(ip: string, port: string, more: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries({ ip, port, ...more }).flat();
}

describe('what a Sentinel says', () => {
  test('is read from its replies', () => {
    const listing = readListing(
      {
        master: entry('10.0.0.1', '6379', { flags: 'master' }),
        replicas: [
          entry('10.0.0.2', '6379', { flags: 'slave' }),
          entry('fd00::3', '6379', { flags: 'slave' }),
        ],
        sentinels: [entry('Sentinel-2.internal', '26379', { runid: 'two' })],
        id: 'one',
        info: '# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\n',
      },
      asListed,
    );
    expect(listing.nodes.map(formatEndpoint)).toEqual(['10.0.0.1:6379', '10.0.0.2:6379', '[fd00::3]:6379']);
    expect(listing).toMatchObject({
      id: 'one',
      mode: 'normal',
      master: { host: '10.0.0.1', port: 6379 },
      others: [{ id: 'two', endpoint: { host: 'sentinel-2.internal', port: 26379 } }],
    });
  });

  test('lists nodes that are down last, so that those go first when there are too many', () => {
    const replicas = [
      entry('gone', '6379', { flags: 's_down,slave,disconnected' }),
      entry('there', '6379', { flags: 'slave' }),
    ];
    const { nodes } = readListing({ ...nothing, master: entry('m', '6379'), replicas }, asListed);
    expect(nodes.map(({ host }) => host)).toEqual(['m', 'there', 'gone']);
  });

  test('names TILT mode', () => {
    const info = '# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:1\r\nsentinel_tilt_since_seconds:3\r\n';
    expect(readListing({ ...nothing, info }, asListed).mode).toBe('tilt');
  });

  test('is empty where the Sentinel refuses the commands', () => {
    expect(readListing(nothing, asListed)).toEqual({ mode: 'normal', nodes: [], others: [] });
  });

  test.each([
    ['no address', entry('', '6379')],
    ['an unknown address', entry('?', '6379')],
    ['a port that is none', entry('10.0.0.2', '0')],
    ['text after the port', entry('10.0.0.2', '6379 x')],
    ['no list', 'text'],
    ['a value too few', ['ip', '10.0.0.2', 'port']],
    ['lists as values', [['ip'], ['10.0.0.2'], ['port'], ['6379']]],
  ])('leaves out an entry with %s', (_what, replica) => {
    const { nodes } = readListing({ ...nothing, replicas: [replica], master: replica }, asListed);
    expect(nodes).toEqual([]);
  });

  test('is translated, nodes and Sentinels alike, and what cannot be reached is left out', () => {
    const locate = ({ host, port }: Endpoint) =>
      host === 'hidden' ? undefined : { host: `public-${host}`, port: port + 1 };
    const listing = readListing(
      {
        ...nothing,
        master: entry('hidden', '6379'),
        replicas: [entry('a', '6379')],
        sentinels: [entry('s', '26379'), entry('hidden', '26379')],
      },
      { node: locate, sentinel: locate },
    );
    expect(listing).toEqual({
      mode: 'normal',
      nodes: [{ host: 'public-a', port: 6380 }],
      others: [{ endpoint: { host: 'public-s', port: 26380 } }],
    });
  });
});
