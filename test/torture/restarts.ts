import type { TortureNode } from './group.js';

/** After a crash: with all that its append-only file has, but without its replication history. */
export async function restartFromFile({ server }: TortureNode, master?: TortureNode): Promise<void> {
  await server.restart(replicaOf(master));
}

/** In good order, with a snapshot. */
export async function shutDown({ server }: TortureNode): Promise<void> {
  // It never answers: the connection closes.
  await server.command('SHUTDOWN', 'SAVE').catch(() => undefined);
  await server.kill('SIGTERM');
}

/** A server with an append-only file ignores the snapshot and its replication history, unless the file is disabled. */
export async function restartFromSnapshot({ server }: TortureNode, master?: TortureNode): Promise<void> {
  await server.restart(['--appendonly', 'no', ...replicaOf(master)]);
  await server.command('CONFIG', 'SET', 'appendonly', 'yes');
}

function replicaOf(master: TortureNode | undefined): readonly string[] {
  return master === undefined ? [] : ['--replicaof', master.server.host, String(master.server.port)];
}
