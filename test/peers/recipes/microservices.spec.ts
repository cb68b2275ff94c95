import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClientRedis } from '@nestjs/microservices';
import { RedisReplicationClient } from 'nestjs-redis-replication/microservices';
import { firstValueFrom, retry, timeout } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rolesOf } from '../../support/group-roles.js';
import { promote } from '../../../lib/testing/servers/replication.js';
import { replicationOf } from '../../support/test-app.js';
import { incidents, useApp } from '../failovers.js';
import { listen, Prices, PricesModule } from './microservices.js';

const { group, open } = useApp();

/** An app that serves requests and sends them to itself, as two processes would to each other. */
async function serve() {
  const replication = replicationOf(group().endpoints, { boot: 'required', isGlobal: true });
  const module = await Test.createTestingModule({ imports: [replication, PricesModule] }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  await listen(app);
  return app.get(Prices);
}

describe.each(incidents)('when the master $incident', (incident) => {
  test('an app that serves messages goes on to serve them, and one that sends them to send', async () => {
    const prices = await serve();
    const { failOver } = await open(incident);
    expect(await firstValueFrom(prices.of('cup'))).toBe(3);
    await failOver(async () => undefined);
    // One that is sent before the server has subscribed again is lost.
    const request = prices.of('saucer').pipe(timeout(500), retry(20));
    expect(await firstValueFrom(request)).toBe(6);
  });

  test('an event that is emitted meanwhile waits for the next master', async () => {
    const { writer, failOver } = await open(incident);
    const client = new RedisReplicationClient({ writer });
    onTestFinished(() => client.close());
    await client.connect();
    await failOver(() => firstValueFrom(client.emit('seen', 1), { defaultValue: 'sent' }));
  });
});

test('without it, a `ClientRedis` knows one node only, and rejects what is sent while that is down', async () => {
  const { killMaster } = await open();
  const { host, port } = group().master;
  const client = new ClientRedis({ host, port, retryAttempts: 1000, retryDelay: 10 });
  Logger.overrideLogger(false);
  onTestFinished(async () => {
    await client.close();
    Logger.overrideLogger(true);
  });
  await client.connect();
  await killMaster();
  await promote(rolesOf(group()).heir);
  await expect(firstValueFrom(client.emit('seen', 1))).rejects.toMatch('Connection lost');
});
