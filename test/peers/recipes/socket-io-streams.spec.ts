import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../lib/testing/servers/until.js';
import { incidents, useApp } from '../failovers.js';
import { connectServers } from './socket-io-streams.js';

const { open } = useApp();

/** A server as one of several processes has it, with a client that is connected to it. */
async function openServer(writer: Redis) {
  const http = createServer();
  const server = connectServers(new Server(http), writer);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  const heard: unknown[] = [];
  client.on('word', (word) => heard.push(word));
  onTestFinished(async () => {
    client.disconnect();
    await server.close();
  });
  await until('the client is connected', () => client.connected);
  return { server, heard };
}

describe.each(incidents)('when the master $incident', (incident) => {
  test('clients of other servers hear every message in order, also those that are sent meanwhile', async () => {
    const { writer, failOver } = await open(incident);
    const [speaker, listener] = [await openServer(writer), await openServer(writer)];
    // It reads from the end of the stream until its first message.
    await until('the servers hear each other', () => {
      speaker.server.emit('word', 'hello');
      return listener.heard.includes('hello');
    });
    const words = Array.from({ length: 20 }, (_, index) => `word ${index}`);
    await failOver(async () => words.forEach((word) => speaker.server.emit('word', word)));
    const others = () => listener.heard.filter((word) => word !== 'hello');
    await until('all are heard', () => others().length >= words.length, { state: others });
    expect(others()).toEqual(words);
  });
});
