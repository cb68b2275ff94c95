import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { listenAndReport } from './report.js';

const options = { logger: ['warn' as const, 'error' as const] };
void NestFactory.create(AppModule, options).then(listenAndReport);
