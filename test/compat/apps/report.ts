import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { NotAppliedError, ReadOnlyConnectionError } from 'nestjs-redis-replication';
import { Notes } from './app.module.js';

/** Prints one line of JSON that says what works, and ends the app. */
export async function report(app: INestApplicationContext, health: unknown = 'no HTTP'): Promise<void> {
  const { writer, reader } = app.get(Notes);
  const refusal: unknown = await reader.set('key', 'value').catch((error: unknown) => error);
  const written = await writer.set('key', 'value');
  const areRedis = writer instanceof Redis && reader instanceof Redis;
  const isRefused = refusal instanceof ReadOnlyConnectionError && !(refusal instanceof NotAppliedError);
  await app.close();
  console.log(JSON.stringify({ written, areRedis, isRefused, health }));
}

/** The same for an app with HTTP. */
export async function listenAndReport(app: INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/health`);
  const body: unknown = await response.json();
  await report(app, { code: response.status, body });
}
