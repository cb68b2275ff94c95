// A small app on the lowest versions that the package supports. Plain JavaScript: nothing compiles it.
//   node app.mjs <host:port> <host:port>
// It tells its parent what it sees, and ends by itself after a failover.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { ConsoleLogger, Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Redis } from 'ioredis';
import {
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  RedisReplicationModule,
  staticNodes,
} from 'nestjs-redis-replication';
import { RedisReplicationHealthIndicator } from 'nestjs-redis-replication/health';
import { RedisReplicationClient, RedisReplicationServer } from 'nestjs-redis-replication/microservices';
import { filter, firstValueFrom, timeout } from 'rxjs';

const tell = (what, value) => process.send({ what, value });

class HealthController {
  constructor(health, redis) {
    Object.assign(this, { health, redis });
  }

  check() {
    return this.health.check([() => this.redis.isWritable('redis')]);
  }

  double(number) {
    return 2 * number;
  }
}
Inject(HealthCheckService)(HealthController, undefined, 0);
Inject(RedisReplicationHealthIndicator)(HealthController, undefined, 1);
Get('health')(
  HealthController.prototype,
  'check',
  Object.getOwnPropertyDescriptor(HealthController.prototype, 'check'),
);
MessagePattern('double')(
  HealthController.prototype,
  'double',
  Object.getOwnPropertyDescriptor(HealthController.prototype, 'double'),
);
Controller()(HealthController);

// A function, since a class would be empty: decorators are what this file does without.
function AppModule() {}
Module({
  imports: [
    RedisReplicationModule.forRoot({
      source: staticNodes(process.argv.slice(2)),
      boot: 'required',
      // More than there are, so that a Terminus that knows "degraded" would say it.
      minReplicas: 2,
    }),
    TerminusModule,
  ],
  controllers: [HealthController],
  providers: [RedisReplicationHealthIndicator],
})(AppModule);

const logger = new ConsoleLogger({ json: true, logLevels: ['warn', 'error'] });
const app = await NestFactory.create(AppModule, { logger });
await app.listen(0, '127.0.0.1');
const [writer, reader] = [app.get(getRedisWriterToken()), app.get(getRedisReaderToken())];
const topology$ = app.get(getRedisTopologyToken());
app.connectMicroservice({ strategy: new RedisReplicationServer({ writer }) });
await app.startAllMicroservices();
const client = new RedisReplicationClient({ writer });
const double = (number) => firstValueFrom(client.send('double', number).pipe(timeout(5000)));

const names = ['@nestjs/core', '@nestjs/microservices', '@nestjs/terminus', 'ioredis', 'rxjs'];
tell('versions', names.map(versionOf));
tell('doubled', await double(21));
tell('is an ioredis connection', writer instanceof Redis && reader instanceof Redis);
tell('written', await writer.set('key', 'value'));
tell('read', await readUntil('value'));
tell('health', await readHealth());
tell('master before', (await firstValueFrom(topology$)).master);
await firstValueFrom(topology$.pipe(filter(({ generation }) => generation === 2)));
tell('written after the failover', await writer.append('key', ' and more'));
tell('doubled after the failover', await double(22));
tell('master after', (await firstValueFrom(topology$)).master);
tell('health after the failover', await readHealth());
await client.close();
await app.close();
tell('closed', true);
process.disconnect();

function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name}@${JSON.parse(readFileSync(file, 'utf8')).version}`;
}

/** Replication is asynchronous. */
async function readUntil(wanted) {
  const value = await reader.get('key');
  return value === wanted ? value : readUntil(wanted);
}

async function readHealth() {
  const response = await fetch(`${await app.getUrl()}/health`);
  return { code: response.status, body: await response.json() };
}
