import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { report } from './report.js';

const options = { logger: ['warn' as const, 'error' as const] };
void NestFactory.createApplicationContext(AppModule, options).then((app) => report(app));
