import { startProxy } from '../network/tcp-proxy.js';
import type { TcpProxy } from '../network/tcp-proxy.js';
import { startRedisServer } from '../servers/redis-server.js';
import type { RedisServer, RedisServerOptions } from '../servers/redis-server.js';

/** A server that everybody else, other servers included, reaches through a proxy only. It announces the proxy's address. */
export interface GatedServer {
  readonly server: RedisServer;
  readonly gate: TcpProxy;
}

export async function startGatedServer(options: RedisServerOptions): Promise<GatedServer> {
  const gate = await startProxy(0);
  const announced = ['--replica-announce-port', String(gate.port)];
  try {
    const inner = await startRedisServer({ ...options, args: [...(options.args ?? []), ...announced] });
    gate.leadTo(inner.port);
    return { server: behind(gate, inner), gate };
  } catch (error) {
    await gate.stop();
    throw error;
  }
}

function behind(gate: TcpProxy, inner: RedisServer): RedisServer {
  const { endpoint, host, port } = gate;
  return {
    endpoint,
    host,
    port,
    get pid() {
      return inner.pid;
    },
    get state() {
      return inner.state;
    },
    command: (...args) => inner.command(...args),
    // As without a proxy, nobody listens where there is no server.
    async kill(signal) {
      gate.refuse();
      await inner.kill(signal);
    },
    hang: () => inner.hang(),
    resume: () => inner.resume(),
    async restart(moreArgs) {
      await inner.restart(moreArgs);
      await gate.accept();
    },
    async stop() {
      await inner.stop();
      await gate.stop();
    },
  };
}
