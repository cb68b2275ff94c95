import { error, nil, simple } from '../support/resp.js';
import type { Client } from './client.js';
import { carryOut, carryOutAll, type Request } from './data-commands.js';
import { isForbidden, refusalOf } from './refusals.js';
import type { Server } from './server.js';
import { specialCommands } from './special-commands.js';

/** Executes one request of a client. */
export function execute(server: Server, client: Client, request: Request): void {
  const [command = '', ...args] = request;
  const name = command.toUpperCase();
  const refusal = refuse(server, client, name);
  if (client.transaction !== undefined && !ENDS_TRANSACTION.has(name)) {
    client.transaction.commands.push(request);
    client.transaction.isRefused ||= refusal !== undefined;
    client.reply(refusal === undefined ? simple('QUEUED') : error(refusal));
    closeAfter(refusal, server, client);
  } else if (refusal !== undefined && name !== 'EXEC') {
    client.reply(error(refusal));
    closeAfter(refusal, server, client);
  } else if (name === 'EXEC') {
    executeTransaction(server, client);
  } else {
    const special = specialCommands[name];
    if (special === undefined) {
      client.reply(carryOut(server, client, request));
    } else {
      special({ server, client, args, request });
    }
  }
}

const ENDS_TRANSACTION = new Set(['EXEC', 'DISCARD', 'MULTI', 'WATCH', 'QUIT']);

function refuse(server: Server, client: Client, name: string): string | undefined {
  const { rights } = server.settings;
  if (!client.isTrusted && name !== 'AUTH' && name !== 'HELLO') {
    return 'NOAUTH Authentication required.';
  }
  return isForbidden(name, rights)
    ? `NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`
    : refusalOf(name, conditionOf(server));
}

function conditionOf(server: Server) {
  const trouble = server.replica.isLoading ? 'LOADING' : server.trouble;
  return { role: server.role, trouble, wording: server.settings.wording };
}

/** As ElastiCache, which closes connections that try to write to a replica. */
function closeAfter(refusal: string | undefined, server: Server, client: Client): void {
  if (refusal?.startsWith('READONLY') === true && server.settings.closesOnReplicaWrite) {
    server.close(client);
  }
}

/** All of the commands or none. */
function executeTransaction(server: Server, client: Client): void {
  const { transaction } = client;
  const isUntouched = [...client.watched].every(([key, version]) => server.log.data.version(key) === version);
  const underWatch = client.watched.size > 0;
  client.transaction = undefined;
  client.watched.clear();
  if (transaction === undefined) {
    client.reply(error('ERR EXEC without MULTI'));
    return;
  }
  if (transaction.isRefused) {
    client.reply(error('EXECABORT Transaction discarded because of previous errors.'));
    return;
  }
  const refusal = refuseAll(server, transaction.commands);
  if (refusal !== undefined) {
    client.reply(error(`EXECABORT Transaction discarded because of: ${refusal}`));
    return;
  }
  client.reply(isUntouched ? carryOutAll(server, client, { ...transaction, underWatch }) : nil);
}

function refuseAll(server: Server, commands: readonly Request[]): string | undefined {
  const condition = conditionOf(server);
  return commands
    .map(([name = '']) => refusalOf(name.toUpperCase(), condition))
    .find((refusal) => refusal !== undefined);
}
