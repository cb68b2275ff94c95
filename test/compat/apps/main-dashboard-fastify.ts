import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { askDashboard, DashboardApp } from './dashboard.js';

const options = { logger: ['warn' as const, 'error' as const] };
void NestFactory.create(DashboardApp, new FastifyAdapter(), options).then(askDashboard);
