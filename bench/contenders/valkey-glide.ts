import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlideClient, Logger } from '@valkey/valkey-glide';
import { onExit } from '../../test/support/exit-hook.js';
import { writesKey, type Contender } from './contender.js';

/** Standalone, with the addresses of all nodes. */
export const valkeyGlide: Contender = {
  name: 'valkey-glide, all addresses',
  package: '@valkey/valkey-glide',
  async open({ nodes, tls }) {
    Logger.setLoggerConfig('off');
    const client = await GlideClient.createClient({
      addresses: [...nodes],
      ...(tls && {
        useTLS: true,
        advancedConfiguration: { tlsAdvancedConfiguration: { rootCertificates: tls.ca } },
      }),
    });
    return { write: (id) => client.rpush(writesKey, [id]), close: async () => client.close() };
  },
};

onExit(removeSockets);

/** It leaves behind the socket by which it communicates with its own threads. */
function removeSockets(): void {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(`glide-socket-${process.pid}-`));
  names.forEach((name) => rmSync(join(tmpdir(), name), { force: true }));
}
