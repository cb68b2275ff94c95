import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RedisServer, RedisUser } from '../../lib/testing/servers/redis-server.js';
import { createUser } from './users.js';

/** What replication needs, and nothing else. */
export const replicaAccount: RedisUser = {
  name: 'replica-only',
  password: 'replica-password',
  rules: ['+psync', '+replconf', '+ping'],
};

/** Makes the master list this address as one of its replicas, as anybody with the account can. */
export async function registerFalseReplica(
  master: RedisServer,
  address: { readonly host: string; readonly port: number },
): Promise<{ readonly leave: () => void }> {
  const socket = connect(master.port, master.host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const { name, password } = replicaAccount;
  const before = [
    ['AUTH', name, password],
    ['REPLCONF', 'listening-port', String(address.port)],
    ['REPLCONF', 'ip-address', address.host],
    ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'],
  ];
  let received = '';
  const expectReply = async (pattern: RegExp) => {
    while (!pattern.test(received)) {
      received += String(await once(socket, 'data'));
      if (/^-/m.test(received)) throw new Error(`${master.endpoint} refuses: ${received}`);
    }
  };
  socket.write(before.map((words) => `${words.join(' ')}\r\n`).join(''));
  await expectReply(/^(\+OK\r\n){4}/);
  // A server refuses it while other replies are on their way.
  socket.write('PSYNC ? -1\r\n');
  await expectReply(/\+FULLRESYNC/);
  socket.resume();
  return { leave: () => socket.destroy() };
}

/** A crowd of them on these addresses, until the test is over. */
export async function registerCrowd(
  masters: readonly RedisServer[],
  addresses: readonly { readonly host: string; readonly port: number }[],
): Promise<readonly { readonly leave: () => void }[]> {
  await createUser(masters, replicaAccount);
  const crowd = await Promise.all(
    masters.flatMap((master) => addresses.map((address) => registerFalseReplica(master, address))),
  );
  onTestFinished(() => crowd.forEach(({ leave }) => leave()));
  return crowd;
}
