import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, Res, Sse, type MessageEvent } from '@nestjs/common';
import { asyncScheduler, interval, map, merge, takeUntil, throttleTime, type Observable } from 'rxjs';
import { OpenStreams } from './open-streams.js';
import { TopologyFeed } from './topology-feed.js';
import type { TopologyView } from './topology-view.js';

/** During a failover every probe can change the topology; no reader can follow updates faster than this. */
const gapMs = 100;
const heartbeatMs = 15_000;
const reconnectMs = 1000;

@Controller('topology')
export class TopologyController {
  constructor(
    private readonly feed: TopologyFeed,
    private readonly streams: OpenStreams,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  current(): Promise<TopologyView> {
    return this.feed.current();
  }

  /** The current topology, then each change, and heartbeats, without which a dead stream could not be detected. */
  @Sse('stream')
  stream(@Res({ passthrough: true }) response: ServerResponse): Observable<MessageEvent> {
    this.streams.add(response);
    const changes$ = this.feed.view$.pipe(
      throttleTime(gapMs, asyncScheduler, { leading: true, trailing: true }),
      map((data): MessageEvent => ({ data, retry: reconnectMs })),
    );
    const heartbeats$ = interval(heartbeatMs).pipe(
      map((): MessageEvent => ({ type: 'heartbeat', data: { at: Date.now() } })),
    );
    return merge(changes$, heartbeats$).pipe(takeUntil(this.streams.closing$));
  }
}
