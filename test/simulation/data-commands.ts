import { array, type Reply } from '../support/resp.js';
import type { Client } from './client.js';
import { isWrite } from './refusals.js';
import type { Server } from './server.js';

export type Request = readonly string[];

/** Executes a command that reads or writes data, and passes its writes to the replicas. */
export function carryOut(server: Server, client: Client, request: Request): Reply {
  const reply = server.log.data.execute(request);
  server.record(client, { request, reply });
  if (didWrite(request, reply)) {
    server.replicate([request]);
    wakeBlocked(server);
  }
  return reply;
}

export interface Transaction {
  readonly commands: readonly Request[];
  readonly underWatch: boolean;
}

/** Executes the commands of a transaction as one. */
export function carryOutAll(server: Server, client: Client, { commands, underWatch }: Transaction): Reply {
  const exec = `${server.name} ${server.nextExec()}`;
  const replies = commands.map((request) => {
    const reply = server.log.data.execute(request);
    server.record(client, { request, reply, exec, underWatch });
    return { request, reply };
  });
  server.replicate(
    replies.filter(({ request, reply }) => didWrite(request, reply)).map(({ request }) => request),
  );
  wakeBlocked(server);
  return array(...replies.map(({ reply }) => reply));
}

function didWrite([name = '']: Request, { kind }: Reply): boolean {
  return isWrite(name.toUpperCase()) && kind !== 'nil' && kind !== 'error';
}

/** Serves clients that wait for an element, in order of arrival. */
function wakeBlocked(server: Server): void {
  for (const client of server.clients) {
    const command = client.blocked?.command;
    if (command?.[0]?.toUpperCase() === 'BLPOP' && server.log.data.list(command[1] ?? '').length > 0) {
      client.blocked?.callOff();
      client.blocked = undefined;
      client.reply(carryOut(server, client, command));
      server.settings.clock.after(0, () => server.serve(client));
    }
  }
}
