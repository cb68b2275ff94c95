import { spawnSync } from 'node:child_process';

const common = ['redis-server', 'valkey-server'];
const found = new Map<string, string>();

/**
 * The program of a Redis or Valkey server: `named`, or else what `REDIS_SERVER_BIN` names, or else one on the `PATH`.
 *
 * @throws Error that says what to install where there is none.
 */
export function findServer(named?: string): string {
  const wanted = named ?? process.env['REDIS_SERVER_BIN'] ?? '';
  const known = found.get(wanted);
  if (known !== undefined) return known;
  // What is named is the only candidate: another program than the one asked for would be no help.
  const candidates = wanted === '' ? common : [wanted];
  const program = candidates.find(isServer);
  if (program === undefined) throw new Error(describeMissing(named, candidates));
  found.set(wanted, program);
  return program;
}

function isServer(program: string): boolean {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /^(Redis|Valkey) server v=/.test(stdout ?? '');
}

function describeMissing(named: string | undefined, [first = '', ...more]: readonly string[]): string {
  if (more.length === 0) {
    const who = named === undefined ? 'REDIS_SERVER_BIN' : 'the option "server"';
    return `${who} names ${first}, which is no program of a Redis or Valkey server`;
  }
  return (
    `no Redis or Valkey server found: neither ${[first, ...more].join(' nor ')} is on the PATH. Install one, such as by ` +
    '"apt-get install redis-server" or "brew install valkey", or name its program by the option "server" or by ' +
    'REDIS_SERVER_BIN'
  );
}
