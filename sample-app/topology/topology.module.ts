import { Module } from '@nestjs/common';
import { TopologyController } from './topology.controller.js';
import { TopologyFeed } from './topology-feed.js';

@Module({ controllers: [TopologyController], providers: [TopologyFeed] })
export class TopologyModule {}
