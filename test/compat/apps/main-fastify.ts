import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { listenAndReport } from './report.js';

const options = { logger: ['warn' as const, 'error' as const] };
void NestFactory.create(AppModule, new FastifyAdapter(), options).then(listenAndReport);
