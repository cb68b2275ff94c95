import { Controller, Get, Inject, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventEmitter } from 'node:events';
import {
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  InjectRedisTopology,
  ReadOnlyConnectionError,
  RedisReplicationModule,
  staticNodes,
  type Topology,
} from 'nestjs-redis-replication';
import { createFakeTopology, createTestingConnections } from 'nestjs-redis-replication/testing';
import type { Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { countDials } from '../support/dial-counter.js';

const [a, b] = ['10.0.0.1:6379', '10.0.0.2:6379'];

describe('a fake topology', () => {
  test('is steady, fails over, loses its master, is contested and ends', () => {
    const topology = createFakeTopology();
    const seen: string[] = [];
    topology.topology$.subscribe({
      next: (each) => seen.push(`${each.kind} ${each.generation} ${'master' in each ? each.master : '-'}`),
      complete: () => seen.push('complete'),
    });
    topology.failOver();
    topology.loseMaster();
    topology.failOver(a);
    topology.contest();
    topology.complete();
    expect(seen).toEqual([
      `steady 1 ${a}`,
      `steady 2 ${b}`,
      'masterless 2 -',
      `steady 3 ${a}`,
      'contested 3 -',
      'complete',
    ]);
    expect(topology.latest).toMatchObject({
      claimants: [a, b],
      lastFailover: { generation: 3, from: b, to: a, proof: 'history' },
      nodes: [
        { endpoint: a, kind: 'contender', address: { host: '10.0.0.1', port: 6379 } },
        { endpoint: b, kind: 'contender' },
      ],
    });
  });

  test('replays the latest to whoever subscribes later', () => {
    const topology = createFakeTopology({ nodes: ['a:1', 'b:2', 'c:3'] });
    topology.failOver('c:3');
    topology.loseMaster();
    const seen: Topology[] = [];
    topology.topology$.subscribe((each) => seen.push(each));
    expect(seen).toMatchObject([
      {
        kind: 'masterless',
        nodes: [
          { endpoint: 'a:1', kind: 'replica', link: 'down' },
          { endpoint: 'b:2', kind: 'replica' },
          { endpoint: 'c:3', kind: 'unusable', fault: 'REFUSED' },
        ],
      },
    ]);
  });

  test('refuses nodes that it does not have, or that are none', () => {
    expect(() => createFakeTopology().failOver('c:3')).toThrow(`c:3 is none of the nodes ${a}, ${b}`);
    expect(() => createFakeTopology({ nodes: [] })).toThrow(
      'option "nodes" is an array; allowed is a list of at least',
    );
    expect(() => createFakeTopology({ nodes: ['nowhere'] })).toThrow('not an endpoint');
  });
});

@Controller()
class Masters {
  constructor(
    @InjectRedisTopology() readonly topology$: Observable<Topology>,
    @Inject(getRedisReaderToken()) readonly reader: { get(key: string): Promise<string> },
  ) {}

  @Get()
  read() {
    return this.reader.get('key');
  }
}

@Module({
  imports: [RedisReplicationModule.forRoot({ source: staticNodes([a, b]), boot: 'required' })],
  controllers: [Masters],
})
class AppModule {}

describe('testing connections', () => {
  test('take the place of those of an app, and no socket is opened', async () => {
    const dials = countDials();
    const writer = { get: async (key: string) => `value of ${key}` };
    const connections = createTestingConnections({ writer });
    const module = await connections.override(Test.createTestingModule({ imports: [AppModule] })).compile();
    await module.init();
    const masters = module.get(Masters);
    expect(await masters.read()).toBe('value of key');
    const kinds: string[] = [];
    masters.topology$.subscribe(({ kind }) => kinds.push(kind));
    connections.topology.loseMaster();
    expect(kinds).toEqual(['steady', 'masterless']);
    expect(module.get(getRedisWriterToken())).toBe(writer);
    await module.close();
    dials.stop();
    expect(dials.to(6379)).toBe(0);
  });

  test('the reader has the data of the writer, and refuses everything but reads', async () => {
    const data = { get: async () => 'value', set: async () => 'OK', config: async () => [] };
    const writer = Object.assign(new EventEmitter(), data, { status: 'ready' });
    const { reader, providers } = createTestingConnections({ writer, name: 'sessions' });
    const call = (name: string, ...args: readonly unknown[]): unknown => {
      const method: unknown = Reflect.get(reader, name);
      return typeof method === 'function' ? Reflect.apply(method, reader, args) : undefined;
    };
    expect(await call('get', 'key')).toBe('value');
    await expect(call('set', 'key', 'value')).rejects.toThrow(ReadOnlyConnectionError);
    await expect(call('config', 'SET', 'a', 'b')).rejects.toThrow(ReadOnlyConnectionError);
    expect(await call('config', 'GET', 'a')).toEqual([]);
    call('once', 'ready', () => undefined);
    expect(writer.listenerCount('ready')).toBe(1);
    expect(Reflect.get(reader, 'status')).toBe('ready');
    expect(providers.map(({ provide }) => provide)).toEqual([
      getRedisWriterToken('sessions'),
      getRedisReaderToken('sessions'),
      getRedisTopologyToken('sessions'),
    ]);
  });

  test('a reader and a topology of one’s own are injected as they are', () => {
    const [reader, topology] = [{ get: async () => 'old' }, createFakeTopology()];
    const connections = createTestingConnections({ writer: {}, reader, topology });
    expect(connections.reader).toBe(reader);
    expect(connections.providers.map(({ useValue }) => useValue)).toContain(topology.topology$);
  });

  test('refuse options that are not allowed', () => {
    // @ts-expect-error: what a caller without types may pass.
    expect(() => createTestingConnections({})).toThrow(
      'createTestingConnections: option "writer" is undefined; allowed is an object with the commands that are used',
    );
  });
});
