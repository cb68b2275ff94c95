import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RedisServer, RedisUser } from '../../lib/testing/servers/redis-server.js';
import { createUser } from './users.js';

/** The least that a replica needs. */
export const replicationUser: RedisUser = {
  name: 'replication',
  password: 'replication-secret',
  rules: ['+psync', '+replconf', '+ping'],
};

export interface RogueReplica {
  /** Closes its connection; the server forgets what it has announced. */
  leave(): void;
}

/** Connects as a replica that announces any text as its address, and copies the data until it leaves. */
export async function rogueReplica(node: RedisServer, address: string): Promise<RogueReplica> {
  await createUser([node], replicationUser);
  const socket = connect(node.port, node.host);
  onTestFinished(() => void socket.destroy());
  const { name, password } = replicationUser;
  await ask(socket, ['AUTH', name, password]);
  await ask(socket, ['REPLCONF', 'listening-port', '6379']);
  await ask(socket, ['REPLCONF', 'ip-address', address]);
  await ask(socket, ['REPLCONF', 'capa', 'eof', 'capa', 'psync2']);
  await ask(socket, ['PSYNC', '?', '-1']);
  socket.resume();
  return { leave: () => void socket.destroy() };
}

/** Resolves with the first bytes of the reply. */
function ask(socket: Socket, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.off('error', reject);
      const reply = data.toString('latin1');
      if (reply.startsWith('-')) reject(new Error(reply));
      else resolve(reply);
    });
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join('')}`);
  });
}
