import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createCertificates } from '../../lib/testing/servers/certificates.js';
import { clusterMode } from '../support/cluster-nodes.js';
import { countNodes } from '../support/counted-nodes.js';
import { listen } from '../../lib/testing/network/listener.js';
import { containing } from '../support/matchers.js';
import {
  startRedisServer,
  type RedisServer,
  type RedisServerOptions,
} from '../../lib/testing/servers/redis-server.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { needsOptions } from '../support/server-under-test.js';
import { startApp } from '../support/test-app.js';
import { until } from '../../lib/testing/servers/until.js';
import { createUser } from '../support/users.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup({ replicas: 1 });
});

afterAll(() => group.stop());

async function server(options: RedisServerOptions): Promise<RedisServer> {
  const started = await startRedisServer(options);
  onTestFinished(() => started.stop());
  return started;
}

/** A node that cannot be used: how it is named in the list of nodes, and how in the topology. */
interface BadNode {
  readonly entry: string;
  readonly endpoint: string;
}

const named = ({ endpoint }: { readonly endpoint: string }, scheme = ''): BadNode => ({
  entry: `${scheme}${endpoint}`,
  endpoint,
});

interface Fault {
  readonly name: string;
  readonly start: () => Promise<BadNode>;
  /** Options of the server that not every version or build knows. */
  readonly needs?: readonly string[];
  /** Default 1000, so that a slow machine is no fault; a node that says nothing costs four times as much. */
  readonly replyTimeoutMs?: number;
  /** The fault in the topology. */
  readonly fault: string;
  readonly message: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: 'another password than the other nodes',
    start: async () => named(await server({ password: 'another' })),
    fault: 'NOAUTH',
    message: /^NOAUTH /,
  },
  {
    // The server waits for the rest of what it takes for a command.
    name: 'no TLS where TLS is asked for',
    start: async () => named(await server({}), 'rediss://'),
    replyTimeoutMs: 100,
    fault: 'TIMEOUT',
    message: /^no connection within 400 ms: no answer to the TLS handshake; .*does not speak TLS$/,
  },
  {
    name: 'an answer without TLS where TLS is asked for',
    start: async () => {
      const listener = await listen((socket) => {
        socket.on('data', () => socket.end('-ERR unknown command\r\n'));
      });
      onTestFinished(() => listener.stop());
      return named(listener, 'rediss://');
    },
    fault: 'TLS',
    message: /^the port does not speak TLS; name it redis:.*leave out the option "tls"$/,
  },
  {
    name: 'TLS where none is asked for',
    needs: ['--tls-port'],
    start: async () => named(await server({ tls: await createCertificates() })),
    fault: 'CLOSED',
    message: /closed the connection before its first reply; if it expects TLS, name it rediss:/,
  },
  {
    name: 'an HTTP server',
    start: async () => {
      const listener = await listen((socket) => {
        socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
      });
      onTestFinished(() => listener.stop());
      return named(listener);
    },
    fault: 'ERROR',
    message: /^the port does not speak the Redis protocol$/,
  },
  {
    name: 'a certificate that nobody trusts',
    needs: ['--tls-port'],
    start: async () => named(await server({ tls: await createCertificates() }), 'rediss://'),
    fault: 'TLS',
    message: /certificate/,
  },
  {
    name: 'a certificate of the client that is asked for and missing',
    needs: ['--tls-port'],
    start: async () =>
      named(
        await server({ tls: await createCertificates(), args: ['--tls-auth-clients', 'yes'] }),
        'rediss://',
      ),
    fault: 'TLS',
    message: /certificate/,
  },
  {
    name: 'a Sentinel instead of a data node',
    start: async () =>
      named(await server({ sentinel: [`sentinel monitor main 127.0.0.1 ${group.master.port} 2`] })),
    fault: 'SENTINEL',
    message: /^this is a Sentinel, not a data node; name the data nodes$/,
  },
  {
    name: 'a node in cluster mode',
    start: async () => named(await server({ args: await clusterMode() })),
    fault: 'CLUSTER',
    message: /^cluster mode is on; use the option "cluster" instead of "source"$/,
  },
  {
    name: 'a name that does not resolve',
    start: () => Promise.resolve(named({ endpoint: 'no-such-host.invalid:6379' })),
    fault: 'NOT_FOUND',
    message: /no-such-host\.invalid/,
  },
  {
    name: 'a port that accepts connections and says nothing',
    start: async () => {
      const listener = await listen(() => undefined);
      onTestFinished(() => listener.stop());
      return named(listener);
    },
    // Not so short that a busy machine makes the others late as well.
    replyTimeoutMs: 200,
    fault: 'TIMEOUT',
    message: /^no connection within 800 ms/,
  },
];

test.for(faults)(
  'one node is $name: it is named once, and all else works',
  async ({ start, needs = [], replyTimeoutMs = 1000, fault, message }, context) => {
    needsOptions(context, needs);
    const bad = await start();
    const entries = [...group.endpoints, bad.entry];
    const nodes = countNodes(entries);
    const app = await startApp(entries, { source: nodes.source, replyTimeoutMs });
    await nodes.whenProbed(bad.endpoint, 3);
    expect(await app.writer.set('key', 'value')).toBe('OK');
    expect(app.writer.stream.remotePort).toBe(group.master.port);
    const { nodes: seen } = await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'steady')));
    const found = seen.find(({ endpoint }) => endpoint === bad.endpoint);
    if (found?.kind !== 'unusable') throw new Error(`It is ${found?.kind}`);
    expect(found.fault).toBe(fault);
    expect(found.message).toMatch(message);
    const { redis } = await app.health.isWritable('redis');
    expect(redis).toMatchObject({ status: 'up', master: group.master.endpoint });
    const [line, ...more] = app.logs.of().filter(({ text }) => text.includes(bad.endpoint));
    const prefix = `node ${bad.endpoint} cannot be used: ${fault}, `;
    expect(line).toMatchObject({ level: 'warn', text: containing(prefix) });
    expect(line?.text.slice(prefix.length)).toMatch(message);
    expect(more).toEqual([]);
  },
);

test.for(faults)(
  'the only node is $name: boot and health say so',
  async ({ start, needs = [], replyTimeoutMs = 1000, fault, message }, context) => {
    needsOptions(context, needs);
    const bad = await start();
    const options = { replyTimeoutMs, bootTimeoutMs: 1000 };
    const app = await startApp([bad.entry], { ...options, boot: 'background' });
    await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'masterless')));
    const { redis } = await app.health.isWritable('redis');
    expect(redis).toMatchObject({ status: 'down', reason: fault === 'NOAUTH' ? 'NOAUTH' : 'NO_MASTER' });
    const starting = startApp([bad.entry], { ...options, boot: 'required' });
    const error: unknown = await starting.catch((reason: unknown) => reason);
    if (!(error instanceof Error)) throw new Error('It has started');
    const prefix = 'no writer within 1000 ms (option "bootTimeoutMs"): ';
    expect(error.message.startsWith(prefix)).toBe(true);
    for (const text of [String(redis?.message), error.message.slice(prefix.length)]) {
      const [, endpoint, code, words] = /^no node is a master: (\S+) \((\w+): (.*)\)$/.exec(text) ?? [];
      expect([endpoint, code]).toEqual([bad.endpoint, fault]);
      expect(words).toMatch(message);
    }
  },
);

test.each([
  ['INFO', /the user may not run INFO; HELLO reports the role/],
  [
    'XREAD',
    /the user may not run XREAD on the probe key in database 0: a demotion is detected only by the next poll/,
  ],
  ['ROLE', undefined],
])(
  'a user that may not run %s on one node works there too, and is told once what is missing',
  async (command, note) => {
    const [restricted, free] = [group.master, group.replicas[0]];
    if (free === undefined) throw new Error('A group has a replica');
    const user = { name: 'app', password: 'secret' };
    await createUser([restricted], { ...user, rules: ['~*', '&*', '+@all', `-${command}`] });
    await createUser([free], { ...user, rules: ['~*', '&*', '+@all'] });
    const nodes = countNodes(group.endpoints);
    const app = await startApp(group.endpoints, {
      source: nodes.source,
      replyTimeoutMs: 1000,
      redis: { username: user.name, password: user.password },
    });
    expect(await app.writer.set('key', 'value')).toBe('OK');
    expect(await app.health.isWritable('redis')).toMatchObject({ redis: { status: 'up' } });
    // Whatever notes there are, they are made anew with each connection.
    await restricted.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await nodes.whenProbed(restricted.endpoint, 5);
    await until('the writer is back', () => app.writer.status === 'ready');
    const steady = await firstValueFrom(app.topology$.pipe(filter(({ kind }) => kind === 'steady')));
    expect(steady).toMatchObject({ master: restricted.endpoint, generation: 1 });
    const notes = app.logs.of().filter(({ text }) => text.startsWith(`node ${restricted.endpoint}: `));
    expect(notes).toHaveLength(note === undefined ? 0 : 1);
    if (note !== undefined) expect(notes[0]?.text).toMatch(note);
    expect(app.logs.of().filter(({ text }) => text.startsWith(`node ${free.endpoint}: `))).toEqual([]);
  },
);
