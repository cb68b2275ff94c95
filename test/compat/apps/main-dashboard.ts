import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { askDashboard, DashboardApp } from './dashboard.js';

void NestFactory.create(DashboardApp, { logger: ['warn', 'error'] }).then(askDashboard);
