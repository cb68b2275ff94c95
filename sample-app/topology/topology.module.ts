import { Module } from '@nestjs/common';
import { OpenStreams } from './open-streams.js';
import { TopologyController } from './topology.controller.js';
import { TopologyFeed } from './topology-feed.js';

@Module({ controllers: [TopologyController], providers: [TopologyFeed, OpenStreams] })
export class TopologyModule {}
