import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { InvalidConfigError } from './config/invalid-config.error.js';
import { readConfig } from './config/read-config.js';

try {
  // Before Nest starts, so that a wrong setting ends in one line instead of a stack trace.
  const { host, port } = readConfig(process.env);
  const app = await NestFactory.create(AppModule, { abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(port, host);
  Logger.log(`Listening on ${await app.getUrl()}`, 'SampleApp');
} catch (error) {
  console.error(describe(error));
  // Otherwise the connections to Redis would keep a process alive that serves no requests.
  process.exit(1);
}

/** An error that the operator can correct needs no stack trace. */
function describe(error: unknown): unknown {
  const isOperational = error instanceof InvalidConfigError || (error instanceof Error && 'syscall' in error);
  return isOperational ? error.message : error;
}
