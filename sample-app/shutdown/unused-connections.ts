import { Server, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Connections that have not carried a request: browsers open some in advance. A server that closes waits for them until
 * the browser closes them, because it counts a connection as idle only after a request.
 */
@Injectable()
export class UnusedConnections implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly unused = new Set<Socket>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const server: unknown = this.adapterHost.httpAdapter.getHttpServer();
    if (!(server instanceof Server)) {
      return;
    }
    server.on('connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage) => this.unused.delete(socket));
  }

  beforeApplicationShutdown(): void {
    this.unused.forEach((socket) => socket.destroy());
  }
}
