import { onTestFinished } from 'vitest';
import { createUser } from '../support/users.js';
import { configure, type Fault, type Stage } from './fault.js';

const PROBE_KEY = 'nestjs-redis-replication:probe';

/** Calls the command as a user with these rights. */
async function asUser({ group }: Stage, ...rules: readonly string[]) {
  const [name, password] = ['app', 'top-secret'];
  await createUser(group.nodes, { name, password, rules });
  onTestFinished(async () => {
    await Promise.all(group.nodes.map((node) => node.command('ACL', 'DELUSER', name)));
  });
  return { environment: { REDIS_USERNAME: name, REDIS_PASSWORD: password } };
}

const all = ['~*', '&*', '+@all'];

/** Who may log in, and what they may run. */
export const accessFaults: readonly Fault[] = [
  {
    name: 'no login where one is required',
    arrange: ({ first }) => configure(first, 'requirepass', 'top-secret'),
    finds: 'login-missing',
    remedy: /REDIS_PASSWORD/,
  },
  {
    name: 'a wrong password',
    async arrange(stage) {
      const { environment } = await asUser(stage, ...all);
      return { environment: { ...environment, REDIS_PASSWORD: 'wrong-secret' } };
    },
    finds: 'login-refused',
    severity: 'error',
    remedy: /`ACL GETUSER app`/,
  },
  {
    name: 'a user who may not run INFO',
    arrange: (stage) => asUser(stage, ...all, '-info'),
    finds: 'right-info',
    what: /INFO: the replication history/,
    remedy: /`ACL SETUSER app \+info`/,
  },
  {
    name: 'a user who may not block on the probe key',
    arrange: (stage) => asUser(stage, ...all, '-xread'),
    finds: 'right-watcher',
    what: /XREAD: a demotion/,
    remedy: /`ACL SETUSER app \+xread`/,
  },
  {
    name: 'a user who may not use the probe key',
    arrange: (stage) => asUser(stage, '~app:*', '&*', '+@all'),
    finds: 'right-health',
    what: new RegExp(`SETRANGE on the key ${PROBE_KEY}: health is down`),
    remedy: new RegExp(`\`ACL SETUSER app ~${PROBE_KEY}\``),
  },
  {
    name: 'a user who may not use the channel',
    arrange: (stage) => asUser(stage, '~*', 'resetchannels', '+@all', '-pubsub'),
    finds: 'right-channel',
    what: /SUBSCRIBE on the channel .*PUBLISH on the channel .*PUBSUB/,
    remedy: new RegExp(`\`ACL SETUSER app &${PROBE_KEY} \\+pubsub\``),
  },
  {
    name: 'a user who may not read the settings',
    arrange: (stage) => asUser(stage, ...all, '-config'),
    finds: 'settings-hidden',
    severity: 'note',
    remedy: /`ACL SETUSER app \+config\|get`/,
  },
  {
    name: 'a database that does not exist',
    arrange: ({ group }) => ({ args: ['--db', '99', ...group.endpoints] }),
    finds: 'database-refused',
    severity: 'error',
    remedy: /`CONFIG GET databases`/,
  },
  {
    name: 'a protocol without pushes',
    arrange: ({ group }) => ({ args: ['--protocol', '2', ...group.endpoints] }),
    finds: 'old-protocol',
    severity: 'note',
    remedy: /`protocol: 2`/,
  },
];
