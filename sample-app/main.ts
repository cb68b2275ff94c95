import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { InvalidConfigError } from './config/invalid-config.error.js';
import { readConfig } from './config/read-config.js';

try {
  // Before Nest starts, so that a wrong setting is one line and not a stack under a log.
  const { host, port } = readConfig(process.env);
  const app = await NestFactory.create(AppModule, { abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(port, host);
  Logger.log(`Listening on ${await app.getUrl()}`, 'SampleApp');
} catch (error) {
  console.error(describe(error));
  // The connections to Redis would keep a process alive that serves nobody.
  process.exit(1);
}

/** What the operator can put right needs no stack. */
function describe(error: unknown): unknown {
  const isOperational = error instanceof InvalidConfigError || (error instanceof Error && 'syscall' in error);
  return isOperational ? error.message : error;
}
