import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';

/** How credentials are renewed while many connections are used now and then. */
export interface CredentialsScenario {
  readonly name: string;
  /** All of one app: its writer, its reader and duplicates of the writer. */
  readonly connections: number;
  /** Each connection issues a command so often. */
  readonly commandEveryMs: number;
  /** For how long credentials are valid. They are renewed when a fifth of it is left. */
  readonly validMs: number;
  /** How long a renewal may take. Calm is measured for as long, in the middle between two renewals. */
  readonly windowMs: number;
}

export const renewedCredentials: CredentialsScenario = {
  name: 'credentials renewed',
  connections: 1000,
  commandEveryMs: 200,
  validMs: 5000,
  windowMs: 1500,
};

export const user = 'bench';

/** A user for whom each node accepts every password that was ever issued. */
export async function issuePassword({ nodes }: ServerGroup, password: string): Promise<void> {
  await Promise.all(
    nodes.map((node) => node.command('ACL', 'SETUSER', user, 'on', `>${password}`, '~*', '&*', '+@all')),
  );
}

/** How many times connections have logged in by a command of its own, which is how open ones do. */
export async function countLogins(nodes: readonly RedisServer[]): Promise<number> {
  const replies = await Promise.all(nodes.map((node) => node.command('INFO', 'commandstats')));
  return replies.reduce<number>(
    (sum, reply) => sum + Number(/^cmdstat_auth:calls=(\d+)/m.exec(String(reply))?.[1] ?? 0),
    0,
  );
}
