import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { HttpAdapterHost } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { expect, test } from 'vitest';
import { UnusedConnections } from '../../sample-app/shutdown/unused-connections.js';

test('a connection that a browser opens while the app closes does not delay the shutdown', async () => {
  const server = createServer();
  const adapterHost = new HttpAdapterHost();
  adapterHost.httpAdapter = new ExpressAdapter();
  adapterHost.httpAdapter.setHttpServer(server);
  const connections = new UnusedConnections(adapterHost);
  connections.onApplicationBootstrap();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has a port');
  connections.beforeApplicationShutdown();
  const socket = connect(address.port, '127.0.0.1');
  await once(server, 'connection');
  const ended = once(server, 'close');
  const closed = once(socket.resume(), 'close');
  server.close();
  await Promise.all([ended, closed]);
  expect(socket.destroyed).toBe(true);
});
