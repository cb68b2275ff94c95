import { describe, expect, test } from 'vitest';
import type { AllowedAddresses } from '../../lib/sources/allowed-addresses.js';
import { discoverNodes } from '../../lib/sources/discover-nodes.js';
import type { SourceSecurity } from '../../lib/sources/node-source.js';
import { formatEndpoint } from '../../lib/topology/endpoint.js';
import { discover } from './running-discovery.js';

const plain: SourceSecurity = { password: true, tls: false, verifies: true };
const encrypted: SourceSecurity = { password: true, tls: true, verifies: true };

const crowd = (count: number, prefix = '10.66.0.') =>
  Array.from({ length: count }, (_none, index) => `${prefix}${String(index).padStart(3, '0')}:1`);
const fakes = (count: number, prefix = 'fake-') => crowd(count, prefix);

describe('allow', () => {
  test.each<[AllowedAddresses, string, boolean]>([
    [['10.0.0.0/8'], '10.1.2.3:1', true],
    [['10.0.0.0/8'], '11.1.2.3:1', false],
    [['10.0.0.0/8'], '[::ffff:10.1.2.3]:1', true],
    [['10.1.2.3'], '10.1.2.3:1', true],
    [['10.1.2.3'], '10.1.2.4:1', false],
    [['fd00::/8'], '[fd12::1]:1', true],
    [['fd00::/8'], '[2001:db8::1]:1', false],
    [['0.0.0.0/0'], '[2001:db8::1]:1', false],
    [['redis.example'], 'redis.example:1', true],
    [['Redis.Example'], 'redis.example:1', true],
    [['*.example'], 'a.example:1', true],
    [['*.example'], 'example:1', false],
    [['*.example'], 'a.b.example:1', false],
    [['*.example'], 'a.example.evil:1', false],
    [['*.example', '10.0.0.0/8'], '10.1.2.3:1', true],
    [[], 'a:1', false],
    [({ host }) => host === 'a', 'a:1', true],
    [({ port }) => port !== 1, 'a:1', false],
  ])('%j lets discovery follow %s: %s', (allow, address, isFollowed) => {
    const found = discover(['seed:1'], { allow });
    found.leads('seed:1', address);
    expect(found.names().includes(address)).toBe(isFollowed);
  });

  test('does not apply to seeds, and applies to what mapEndpoint returns', () => {
    const found = discover(['seed:1'], {
      allow: ['outer'],
      mapEndpoint: ({ host, port }) => ({ host: host === 'inner' ? 'outer' : host, port }),
    });
    found.leads('seed:1', 'inner:1', 'other:1');
    expect(found.names()).toEqual(['outer:1', 'seed:1']);
  });

  test('tells once which address it leaves out', () => {
    const found = discover(['seed:1'], { allow: [] });
    found.leads('seed:1', 'a:1', 'b:1');
    found.leads('seed:1', 'c:1');
    expect(found.notes).toEqual([
      'refused: a:1, and maybe others, is not followed: "allow" of discoverNodes does not list it',
    ]);
  });

  test.each<[unknown, string]>([
    [
      '10.0.0.0/8',
      'option "allow" is a string; allowed is a list of networks, addresses and host names, or a',
    ],
    [['10.0.0.0/33'], 'entry 1 of option "allow" is a string; allowed is a network such as "10.0.0.0/8"'],
    [['a', '10.0.0'], 'entry 2 of option "allow" is a string; allowed'],
    [['10.0.0.0/8/8'], 'entry 1 of option "allow" is a string; allowed'],
    [['fd00::/129'], 'entry 1 of option "allow"'],
    [['*'], 'entry 1 of option "allow" is a string; allowed'],
    [['a.*.example'], 'entry 1 of option "allow"'],
    [['a:6379'], 'entry 1 of option "allow" is a string with ":"; allowed'],
    [[''], 'entry 1 of option "allow" is ""'],
    [[7], 'entry 1 of option "allow" is 7'],
  ])('%j is refused', (allow, message) => {
    const options: object = { allow };
    expect(() => discoverNodes(['a:1'], options)).toThrow(`discoverNodes: ${message}`);
  });

  test.each([
    ['a promise', async () => true, 'a value of type object'],
    ['undefined', () => undefined, 'undefined'],
  ])(
    'a function that returns %s fails the source, because a promise would count as yes',
    (_what, allow, shown) => {
      const options: object = { allow };
      const found = discover(['seed:1'], options);
      found.leads('seed:1', 'a:1');
      expect(String(found.errors)).toBe(
        `TypeError: discoverNodes: what allow returned is ${shown}; allowed is true or false`,
      );
      expect(found.names()).toEqual(['seed:1']);
    },
  );
});

describe('an address that a node lists', () => {
  test.each(['a b:1', 'x\r\nrole:slave:1', '\u001b[31mred:1', `${'a'.repeat(254)}:1`, 'a/b:1', ':1'])(
    'is left out if it cannot be one: %j',
    (text) => {
      const found = discover(['seed:1']);
      const host = text.replace(/:1$/, '');
      found.answer('seed:1', {
        role: 'master',
        named: [
          { host, port: 1 },
          { host: 'a', port: 70_000 },
          { host: 'good', port: 1 },
        ],
      });
      expect(found.names()).toEqual(['good:1', 'seed:1']);
    },
  );

  test('is asked without credentials first, unless a node of the user replicates from it', () => {
    const found = discover(['seed:1'], {}, plain);
    found.follows('seed:1', 'm:1', 'r:1');
    expect(found.node('m:1')).toEqual({ host: 'm', port: 1, derived: true });
    expect(found.node('r:1')).toEqual({ host: 'r', port: 1, derived: true, credentials: 'ask first' });
  });

  test('proves nothing about the master that it says it replicates from, until it is proven itself', () => {
    const found = discover(['seed:1'], {}, plain);
    found.leads('seed:1', 'r:1');
    found.follows('r:1', 'evil:1');
    expect(found.node('evil:1')).toMatchObject({ credentials: 'ask first' });
    found.follows('seed:1', 'r:1');
    expect(found.node('evil:1')).toEqual({ host: 'evil', port: 1, derived: true });
  });

  test('stays proven while it is followed, also when it is demoted', () => {
    const found = discover(['seed:1'], { requireProof: true }, plain);
    found.follows('seed:1', 'm:1');
    found.leads('m:1', 'seed:1');
    found.answer('seed:1', {
      role: 'master',
      history: { id: 'next', previous: { id: 'group', from: 1 } },
      named: [],
    });
    found.follows('m:1', 'seed:1');
    expect(found.node('m:1')).toEqual({ host: 'm', port: 1, derived: true });
  });

  test('is sent them at once where the app has none, or where its certificate is verified', () => {
    for (const security of [{ ...plain, password: false }, encrypted]) {
      const found = discover(['seed:1'], {}, security);
      found.leads('seed:1', 'r:1');
      expect(found.node('r:1')).toBeDefined();
      expect(found.node('r:1')).not.toHaveProperty('credentials');
    }
  });

  test('is asked first where certificates are not verified', () => {
    const found = discover(['rediss://seed:1'], {}, { ...encrypted, verifies: false });
    found.leads('seed:1', 'r:1');
    expect(found.node('r:1')).toMatchObject({ credentials: 'ask first' });
  });
});

describe('requireProof', () => {
  test('follows only what a node of the user replicates from', () => {
    const found = discover(['seed:1', 'm:1'], { requireProof: true }, plain);
    found.leads('m:1', 'seed:1', 'fake:1');
    found.follows('seed:1', 'heir:1', 'fake:1');
    expect(found.names()).toEqual(['heir:1', 'm:1', 'seed:1']);
    expect(found.notes).toEqual([
      'unproven: fake:1, and maybe others, is not followed: nothing proves that it is a node of the group ("requireProof" of discoverNodes)',
    ]);
  });

  test('is not satisfied by "allow", because a neighbour may be in the same network', () => {
    const found = discover(['seed:1'], { requireProof: true, allow: ['10.0.0.0/8'] }, plain);
    found.leads('seed:1', '10.0.0.7:1');
    expect(found.names()).toEqual(['seed:1']);
  });

  test('is satisfied by a certificate', () => {
    const found = discover(['seed:1'], { requireProof: true }, encrypted);
    found.leads('seed:1', 'r:1');
    expect(found.names()).toEqual(['r:1', 'seed:1']);
  });
});

describe('a warning at the start', () => {
  const warned = (
    ...[options, security, seed = 'seed:1']: [Parameters<typeof discover>[1], SourceSecurity, string?]
  ) => discover([seed], options, security).notes.length > 0;

  test('says that the password goes to any address that is listed', () => {
    expect(discover(['seed:1'], {}, plain).notes).toEqual([
      expect.stringContaining('discoverNodes sends the password to any address that a node lists'),
    ]);
    expect(warned({}, { ...encrypted, verifies: false }, 'rediss://seed:1')).toBe(true);
  });

  test('is not given where something narrows it', () => {
    expect(warned({ allow: ['10.0.0.0/8'] }, plain)).toBe(false);
    expect(warned({ requireProof: true }, plain)).toBe(false);
    expect(warned({}, encrypted)).toBe(false);
    expect(warned({}, plain, 'rediss://seed:1')).toBe(false);
    expect(warned({}, { ...plain, password: false })).toBe(false);
  });
});

describe('the certificate of a learned node', () => {
  test('must be for the name of a seed, not for a name that a node made up', () => {
    const found = discover(['rediss://a.example:1', 'rediss://b.example:1'], {}, { ...plain, tls: false });
    found.leads('rediss://a.example:1', 'evil.example:1', 'b.example:1');
    expect(found.node('evil.example:1')?.servername).toEqual(['a.example', 'b.example']);
  });

  test('may be for an address that the user allows, or maps to', () => {
    const allowed = discover(['seed:1'], { allow: ['*.example'] }, encrypted);
    allowed.leads('seed:1', 'r.example:1');
    expect(allowed.node('r.example:1')?.servername).toEqual(['r.example', 'seed']);
    const mapped = discover(['seed:1'], { mapEndpoint: ({ port }) => ({ host: 'outer', port }) }, encrypted);
    mapped.leads('seed:1', 'inner:1');
    expect(mapped.node('outer:1')?.servername).toEqual(['outer', 'seed']);
  });

  test('must be for the name that mapEndpoint gives', () => {
    const mapEndpoint = ({ host, port }: { host: string; port: number }) => ({
      host,
      port,
      servername: 'given',
    });
    const found = discover(['seed:1'], { mapEndpoint }, encrypted);
    found.leads('seed:1', 'r:1');
    expect(found.node('r:1')?.servername).toBe('given');
  });
});

describe('of a crowd of false replicas', () => {
  test('no more are followed than maxNodes says, and that is told once until it is over', () => {
    const found = discover(['seed:1'], {}, { ...plain, password: false });
    for (let poll = 0; poll < 10; poll++) {
      found.leads('seed:1', ...fakes(100));
      found.pass(1000);
    }
    expect(found.nodes()).toHaveLength(32);
    expect(found.notes).toHaveLength(1);
    expect(found.notes[0]).toContain('more addresses than discoverNodes follows ("maxNodes" is 32)');
    found.leads('seed:1', 'r:1');
    expect(found.notes).toHaveLength(1);
    found.pass(60_000);
    found.leads('seed:1', 'r:1');
    expect(found.notes.at(-1)).toBe(
      'limit ended: the nodes list no more addresses than discoverNodes follows',
    );
    expect(found.names()).toContain('r:1');
  });

  test('maxNodes counts the seeds, which are followed in any case', () => {
    const found = discover(['a:1', 'b:1', 'c:1'], { maxNodes: 2 });
    found.leads('a:1', 'd:1');
    expect(found.names()).toEqual(['a:1', 'b:1', 'c:1']);
    expect(() => discoverNodes(['a:1'], { maxNodes: 0 })).toThrow(
      'discoverNodes: option "maxNodes" is 0; allowed is a whole number from 1 to 1000',
    );
  });

  test('none takes the place of a node that has answered with the history of the group', () => {
    const found = discover(['m:1']);
    found.leads('m:1', 'r:1', 's:1');
    found.follows('r:1', 'm:1');
    found.follows('s:1', 'm:1');
    found.leads('m:1', ...fakes(200, 'a-fake-'), 'r:1', 's:1');
    found.isSilent('r:1');
    found.leads('m:1', ...fakes(200, 'a-fake-'), 'r:1', 's:1');
    expect(found.names()).toEqual(expect.arrayContaining(['m:1', 'r:1', 's:1']));
    expect(found.nodes()).toHaveLength(32);
  });

  test('those that fail give their place to others, so that a real one is found among them', () => {
    const found = discover(['m:1']);
    const listed = [...fakes(100), 'real:1'];
    let rounds = 0;
    for (; rounds < 10 && !found.names().includes('real:1'); rounds++) {
      found.leads('m:1', ...listed);
      found.names().forEach((name) => name !== 'm:1' && found.isSilent(name));
      found.pass(2000);
    }
    expect(rounds).toBeLessThan(6);
    found.follows('real:1', 'm:1');
    for (let round = 0; round < 10; round++) {
      found.leads('m:1', ...listed);
      found.names().forEach((name) => name.startsWith('fake') && found.isSilent(name));
      found.pass(2000);
    }
    expect(found.names()).toContain('real:1');
  });

  test('the list changes no more once all have failed', () => {
    const found = discover(['m:1']);
    const round = () => {
      found.leads('m:1', ...fakes(100));
      found.names().forEach((name) => name !== 'm:1' && found.isSilent(name));
      found.pass(2000);
    };
    for (let count = 0; count < 10; count++) round();
    const before = found.lists.length;
    for (let count = 0; count < 20; count++) round();
    expect(found.lists).toHaveLength(before);
  });

  test('at most maxNodes newcomers are probed in two seconds, however often others are listed', () => {
    const found = discover(['m:1']);
    const probed = new Set<string>();
    for (let poll = 0; poll < 100; poll++) {
      found.leads('m:1', ...fakes(40, `fake-${poll}-`));
      found.names().forEach((name) => probed.add(name));
      found.pass(19);
    }
    expect(probed.size).toBeLessThanOrEqual(1 + 2 * 31);
  });

  test('none is taken up while a master is sought, except at first', () => {
    const found = discover(['r:1']);
    found.seek(true);
    found.follows('r:1', 'm:1', 'a:1');
    expect(found.names()).toEqual(['a:1', 'm:1', 'r:1']);
    found.pass(1000);
    found.follows('r:1', 'heir:1', 'a:1', 'b:1');
    expect(found.names()).toEqual(['a:1', 'heir:1', 'r:1']);
    found.seek(false);
    found.follows('r:1', 'heir:1', 'a:1', 'b:1');
    found.pass(100);
    found.follows('r:1', 'heir:1', 'a:1', 'b:1');
    expect(found.names()).toContain('b:1');
  });

  test('what they list outvotes nothing that the nodes of the user list', () => {
    const found = discover(['m:1'], { maxNodes: 4 });
    found.leads('m:1', 'fake-1:1', 'fake-2:1', 'gone:1');
    found.isSilent('gone:1');
    found.leads('m:1', 'fake-1:1', 'fake-2:1', 'real:1');
    found.follows('fake-1:1', 'm:1', ...fakes(30, 'friend-'));
    found.follows('fake-2:1', 'm:1', ...fakes(30, 'friend-'));
    expect(found.names()).toEqual(['fake-1:1', 'fake-2:1', 'm:1']);
    found.pass(2000);
    found.isSilent('m:1');
    found.leads('m:1', 'fake-1:1', 'fake-2:1', 'real:1');
    expect(found.names()).toEqual(['fake-1:1', 'fake-2:1', 'm:1', 'real:1']);
  });

  test('none takes the place of another that has not failed', () => {
    const found = discover(['m:1'], { maxNodes: 2 });
    found.leads('m:1', 'b:1');
    found.pass(2000);
    found.leads('m:1', 'a:1', 'b:1');
    expect(found.names()).toEqual(['b:1', 'm:1']);
  });

  test('the ones that fail are replaced ten times a second at most', () => {
    const found = discover(['m:1'], { maxNodes: 3 });
    found.leads('m:1', ...fakes(5));
    found.pass(2000);
    found.isSilent('fake-000:1');
    expect(found.names()).toEqual(['fake-001:1', 'fake-002:1', 'm:1']);
    found.isSilent('fake-001:1');
    expect(found.names()).toContain('fake-001:1');
    found.pass(100);
    found.isSilent('fake-001:1');
    expect(found.names()).toEqual(['fake-002:1', 'fake-003:1', 'm:1']);
  });

  test('of equals, those come first that the nodes list first', () => {
    const found = discover(['m:1'], { maxNodes: 3 });
    found.leads('m:1', 'z-real:1', 'y-real:1', ...fakes(5));
    expect(found.names()).toEqual(['m:1', 'y-real:1', 'z-real:1']);
  });

  test('a list of thousands is read only in part', () => {
    const found = discover(['m:1'], { maxNodes: 1000 });
    found.leads('m:1', ...fakes(5000));
    expect(found.nodes().map(formatEndpoint)).toHaveLength(257);
  });
});
