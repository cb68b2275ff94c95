import { onTestFinished } from 'vitest';
import { startDnsServer } from '../support/dns-server.js';
import { startFakeNode, type FakeNodeOptions } from '../support/fake-node.js';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { listen } from '../../lib/testing/network/listener.js';
import { integer, nil, simple, type Reply } from '../support/resp.js';
import { startProxy, type ProxyOptions } from '../../lib/testing/network/tcp-proxy.js';
import { impatient, type Fault, type Stage } from './fault.js';

async function proxyTo(port: number, options: ProxyOptions = {}) {
  const proxy = await startProxy(port, options);
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** All of the group but the last replica, and this. */
function withOther({ master, first }: Stage, endpoint: string) {
  return { args: [master.endpoint, first.endpoint, endpoint] };
}

async function fakeNode(options: FakeNodeOptions = {}) {
  const node = await startFakeNode(options);
  onTestFinished(() => node.stop());
  return node;
}

/** What a name server says of a name, which leads to this machine all the same. */
async function namesIn(addresses: readonly string[], ttl: number) {
  const server = await startDnsServer({ localhost: { addresses, ttl } });
  return {
    addresses: async (name: string) => (await server.lookup(name)).map(({ address }) => address),
    ttl: async (name: string) => Math.min(...(await server.lookup(name)).map((each) => each.ttl)),
  };
}

/** What a server says, as if it were of a version that is long out of use. */
function asOlder(reply: Buffer): Buffer {
  const text = reply.toString('latin1').replace(/(redis|valkey)_version:\d/g, '$1_version:5');
  return Buffer.from(text, 'latin1');
}

const refuseToUnblock = ([name, subcommand]: readonly string[]) =>
  name === 'CLIENT' && subcommand === 'UNBLOCK' ? simple('OK') : undefined;

/** What is between the app and the nodes, and what is no node. */
export const networkFaults: readonly Fault[] = [
  {
    name: 'a port that nobody listens on',
    arrange: async (stage) => withOther(stage, `127.0.0.1:${await findFreePort()}`),
    finds: 'node-refused',
    remedy: /`ss -ltn`/,
  },
  {
    name: 'a name that does not exist',
    arrange: (stage) => withOther(stage, 'redis.invalid:6379'),
    finds: 'node-not-found',
    remedy: /`getent hosts <name>`/,
  },
  {
    name: 'a process that hangs',
    arrange({ group, second }) {
      second.hang();
      onTestFinished(() => second.resume());
      return { args: [...impatient, ...group.endpoints] };
    },
    finds: 'node-timeout',
    remedy: /`SLOWLOG GET`/,
  },
  {
    name: 'a proxy whose server is gone',
    arrange: async (stage) => withOther(stage, (await proxyTo(await findFreePort())).endpoint),
    finds: 'node-closed',
    remedy: /proxy or a firewall/,
  },
  {
    name: 'another service at the port',
    async arrange(stage) {
      const http = await listen((socket) =>
        socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      );
      onTestFinished(() => http.stop());
      return withOther(stage, http.endpoint);
    },
    finds: 'not-redis',
    remedy: /another service/,
  },
  {
    name: 'a node that answers slowly',
    async arrange(stage) {
      const proxy = await startProxy(stage.second.port);
      onTestFinished(() => proxy.stop());
      proxy.slowTo(260);
      return { args: ['--reply-timeout-ms', '500', ...withOther(stage, proxy.endpoint).args] };
    },
    finds: 'slow-node',
    remedy: /`replyTimeoutMs: \d+`/,
  },
  {
    name: 'servers of several versions',
    async arrange(stage) {
      const proxy = await proxyTo(stage.second.port, { rewrite: asOlder });
      return withOther(stage, proxy.endpoint);
    },
    finds: 'versions-differ',
    what: / 5\./,
    remedy: /replicas first/,
  },
  {
    name: 'a server that is too old',
    async arrange(stage) {
      const proxy = await proxyTo(stage.second.port, { rewrite: asOlder });
      return withOther(stage, proxy.endpoint);
    },
    finds: 'version-unsupported',
    remedy: /Update it/,
  },
  {
    name: 'a proxy that passes on no push',
    async arrange() {
      return { args: [(await fakeNode({ onCommand: refuseToUnblock })).endpoint] };
    },
    finds: 'watcher-silent',
    remedy: /Connect to the server itself/,
  },
  {
    name: 'a proxy that passes on no message',
    async arrange() {
      const replies: Readonly<Record<string, Reply>> = { PUBLISH: integer(0), XREAD: nil };
      const onCommand = ([name = '']: readonly string[]) => replies[name];
      return { args: [(await fakeNode({ onCommand })).endpoint] };
    },
    finds: 'channel-silent',
    remedy: /Connect to the server itself/,
  },
  {
    name: 'a server in protected mode on another machine',
    async arrange() {
      const node = await fakeNode();
      node.refuse('DENIED Redis is running in protected mode because protected mode is enabled');
      return { args: [node.endpoint] };
    },
    finds: 'node-protected',
    severity: 'error',
    remedy: /`CONFIG SET protected-mode no`/,
  },
  {
    name: 'a server that loads its data',
    async arrange(stage) {
      return withOther(stage, (await fakeNode({ loading: true })).endpoint);
    },
    finds: 'node-loading',
    remedy: /`INFO persistence`/,
  },
  {
    name: 'a name that leads to several servers',
    async arrange({ master }) {
      const names = await namesIn(['127.0.0.1', '127.0.0.2'], 5);
      return { args: [`localhost:${master.port}`], names };
    },
    finds: 'dns-several',
    what: /127\.0\.0\.1, 127\.0\.0\.2/,
    remedy: /primaryEndpoint/,
  },
  {
    name: 'a name that is remembered for long',
    async arrange({ master }) {
      const names = await namesIn(['127.0.0.1'], 300);
      return { args: ['--source', 'primary', `localhost:${master.port}`], names };
    },
    finds: 'dns-ttl',
    what: /300 s/,
    remedy: /60 s or less/,
  },
];
