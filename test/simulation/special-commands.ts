import { helloReply, infoReply, roleReply } from '../support/fake-node-replies.js';
import { noReplid, type FakeNodeState } from '../support/fake-node-state.js';
import { array, bulk, error, integer, nil, push, simple } from '../support/resp.js';
import type { Client } from './client.js';
import { carryOut, type Request } from './data-commands.js';
import type { Server } from './server.js';

interface Call {
  readonly server: Server;
  readonly client: Client;
  readonly args: readonly string[];
  readonly request: Request;
}

const ok = simple('OK');
const isOk = ({ client }: Call) => client.reply(ok);

/** Commands that do more than read or write data. */
export const specialCommands: Readonly<Record<string, (call: Call) => void>> = {
  HELLO: hello,
  AUTH({ server, client, args }) {
    client.isTrusted ||= args.at(-1) === server.settings.password;
    client.reply(
      client.isTrusted ? ok : error('WRONGPASS invalid username-password pair or user is disabled.'),
    );
  },
  SELECT: isOk,
  CLIENT: isOk,
  PING: ({ client, args: [text] }) => client.reply(text === undefined ? simple('PONG') : bulk(text)),
  INFO({ server, client, args }) {
    server.probes += 1;
    client.reply(infoReply(stateOf(server), args));
  },
  ROLE: ({ server, client }) => client.reply(roleReply(stateOf(server))),
  MULTI({ client }) {
    client.transaction = { commands: [], isRefused: false };
    client.reply(ok);
  },
  DISCARD({ client }) {
    client.transaction = undefined;
    client.watched.clear();
    client.reply(ok);
  },
  WATCH({ server, client, args }) {
    args.forEach((key) => client.watched.set(key, server.log.data.version(key)));
    client.reply(ok);
  },
  UNWATCH({ client }) {
    client.watched.clear();
    client.reply(ok);
  },
  XREAD: ({ client, request }) => block(client, request),
  BLPOP: popOrBlock,
  SUBSCRIBE({ client, args }) {
    for (const channel of args) {
      client.channels.add(channel);
      client.reply(push(bulk('subscribe'), bulk(channel), integer(client.channels.size)));
    }
  },
  PUBLISH: publish,
  PUBSUB: ({ server, client, args: [, channel = ''] }) =>
    client.reply(array(bulk(channel), integer(listenersOf(server, channel).length))),
  QUIT({ server, client }) {
    client.reply(ok);
    server.close(client);
  },
};

function hello({ server, client, args: [version, ...options] }: Call): void {
  client.isTrusted ||= options[0]?.toUpperCase() === 'AUTH' && options[2] === server.settings.password;
  if (!client.isTrusted) {
    client.reply(error('NOAUTH HELLO must be called with the client already authenticated'));
    return;
  }
  client.protocol = version === undefined ? client.protocol : version === '3' ? 3 : 2;
  client.reply(helloReply(stateOf(server), { id: client.connection.id, protocol: client.protocol }));
}

function block(client: Client, command: Request, callOff: () => void = () => {}): void {
  client.blocked = { command, callOff };
}

function popOrBlock({ server, client, args: [key = '', seconds = '0'], request }: Call): void {
  if (server.log.data.list(key).length > 0) {
    client.reply(carryOut(server, client, request));
    return;
  }
  const callOff = server.settings.clock.after(Number(seconds) * 1000, () => {
    if (client.blocked?.command === request && server.process === 'running') {
      client.blocked = undefined;
      client.reply(nil);
      server.serve(client);
    }
  });
  block(client, request, callOff);
}

function publish({ server, client, args: [channel = '', message = ''], request }: Call): void {
  const listeners = listenersOf(server, channel);
  for (const listener of listeners) {
    listener.reply(push(bulk('message'), bulk(channel), bulk(message)));
  }
  server.record(client, { request, reply: integer(listeners.length) });
  client.reply(integer(listeners.length));
}

function listenersOf(server: Server, channel: string): readonly Client[] {
  return [...server.clients].filter(({ channels }) => channels.has(channel));
}

function stateOf(server: Server): FakeNodeState {
  const { log, replica, role, settings } = server;
  const { link, upstream } = replica;
  const replicas = replica.followers.map((follower) => ({
    endpoint: follower.name,
    offset: follower.log.offset,
    lag: 0,
  }));
  return {
    role,
    version: settings.wording === 'Redis 6' ? '6.2.14' : '7.0.15',
    redisMode: 'standalone',
    loading: replica.isLoading || server.trouble === 'LOADING',
    runId: server.runId,
    clients: server.clients.size,
    replid: log.id,
    replid2: log.previousId ?? noReplid,
    offset: log.offset,
    secondOffset: log.secondOffset,
    master: upstream?.name ?? '',
    linkStatus: link === 'up' ? 'up' : 'down',
    syncInProgress: link === 'syncing',
    replicas: [...replicas, ...rogueOf(server)],
  };
}

function rogueOf({ rogue }: Server): FakeNodeState['replicas'] {
  return rogue === undefined ? [] : [{ endpoint: `${rogue}:6379`, offset: 0, lag: 0 }];
}
