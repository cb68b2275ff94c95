import { Controller, Get, Header } from '@nestjs/common';
import { TopologyFeed } from './topology-feed.js';
import type { TopologyView } from './topology-view.js';

@Controller('topology')
export class TopologyController {
  constructor(private readonly feed: TopologyFeed) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  current(): Promise<TopologyView> {
    return this.feed.current();
  }
}
