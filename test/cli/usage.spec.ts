import { describe, expect, test } from 'vitest';
import { runCommand } from '../doctor/examine.js';

const SECRET = 'hunter2';

describe('a wrong command line ends with 64, and shows nothing that may be a secret:', () => {
  test.each<[words: string, message: RegExp, environment?: Record<string, string>]>([
    ['', /^no command is given/],
    [SECRET, /^unknown command/],
    ['doctor', /^no node is named; .*REDIS_NODES/],
    ['doctor a:1', /^REDIS_USERNAME needs REDIS_PASSWORD/, { REDIS_USERNAME: SECRET }],
    ['doctor', /REDIS_NODES and REDIS_SEEDS are set/, { REDIS_NODES: 'a:1', REDIS_SEEDS: 'a:1' }],
    [`doctor a:1 --password ${SECRET}`, /^credentials are read from the environment only/],
    [`doctor a:1 --pasword=${SECRET}`, /^credentials are read from the environment only/],
    [`doctor a:1 -a ${SECRET}`, /^credentials are read from the environment only/],
    [`doctor redis://:${SECRET}@a:1`, /a password in it; .*the login is read from REDIS_USERNAME/],
    [`doctor a:1 --source url redis://:${SECRET}@a:1`, /^a URL has the password in it, .*REDIS_URL only/],
    ['doctor', /^fromUrl: .*port/, { REDIS_URL: `redis://:${SECRET}@a:${SECRET}` }],
    ['doctor a:1 --tsl', /^unknown flag --tsl; did you mean --tls\?/],
    ['doctor a:1 --tls=yes', /^--tls takes no value/],
    ['doctor a:1', /^REDIS_TLS is neither 1 nor 0/, { REDIS_TLS: 'yes' }],
    ['doctor a:1 --db', /^--db has no value; it is --db NUMBER/],
    [`doctor a:1 --db ${SECRET}`, /^--db is no whole number/],
    ['doctor a:1 --family 5', /^--family is 5; allowed is 0, 4, 6/],
    ['doctor a:1 --protocol 4', /^--protocol is none of 2 and 3/],
    ['doctor a:1 --reply-timeout-ms 1', /^--reply-timeout-ms is 1; allowed is a number of milliseconds/],
    ['doctor a:1 --interval-ms 5', /^--interval-ms is no whole number of 100 or more/],
    ['doctor a:1 --source nowhere', /^--source is none of static, discover/],
    ['doctor a:1 --source sentinel', /^--source sentinel needs --name/],
    ['doctor a:1 b:1 --source primary', /^--source primary takes one name/],
    ['doctor a:1 --source static --cluster', /^--cluster and --source are both given/],
    ['doctor a:1 a:1', /named twice/],
    ['doctor a:1 --ca /no/such/file --tls', /^--ca names a file that cannot be read \(ENOENT\)/],
    ['doctor a:1 --ca file', /^--ca needs --tls/],
    [`doctor a:1 --ignore ${SECRET}`, /^--ignore: entry 1 is the id of no finding/],
    ['doctor a:1 --ignore no-mastr', /did you mean "no-master"\?/],
  ])('%s', async (words, message, environment = {}) => {
    const { code, out, err } = await runCommand({
      args: words.split(' ').filter((word) => word !== ''),
      environment,
    });
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toContain(SECRET);
  });
});

test('the help names each flag, and the version is that of the package', async () => {
  const help = await runCommand({ args: ['--help'] });
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toMatch(/Usage: nestjs-redis-replication doctor .*--json/s);
  expect(await runCommand({ args: ['--version'] })).toEqual({ code: 0, out: '1.2.3', err: '' });
});
