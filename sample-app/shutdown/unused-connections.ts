import { Server, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

const checkMs = 20;

/**
 * Connections that have not carried a request: browsers open some in advance. A server that closes waits for them until
 * the browser closes them, because it counts a connection as idle only after a request.
 */
@Injectable()
export class UnusedConnections implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly unused = new Set<Socket>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    this.server?.on('connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
    this.server?.on('request', ({ socket }: IncomingMessage) => this.unused.delete(socket));
  }

  /** The server listens on until all hooks have run. More connections can come until then, and nothing tells that moment. */
  beforeApplicationShutdown(): void {
    const { server } = this;
    const check = setInterval(() => {
      if (server?.listening !== true) {
        this.unused.forEach((socket) => socket.destroy());
        clearInterval(check);
      }
    }, checkMs);
  }

  private get server(): Server | undefined {
    const server: unknown = this.adapterHost.httpAdapter.getHttpServer();
    return server instanceof Server ? server : undefined;
  }
}
