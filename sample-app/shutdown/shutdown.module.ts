import { Module } from '@nestjs/common';
import { UnusedConnections } from './unused-connections.js';

@Module({ providers: [UnusedConnections] })
export class ShutdownModule {}
