import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRedisTopology, type ClusterTopology, type Topology } from 'nestjs-redis-replication';
import { firstValueFrom, ReplaySubject, scan, type Observable } from 'rxjs';
import { emptyHistory, nextView, type History, type TopologyView } from './topology-view.js';

/** The topology with its history, kept from the start of the app so that no failover is missed. */
@Injectable()
export class TopologyFeed implements OnModuleInit {
  private readonly latest$ = new ReplaySubject<TopologyView>(1);

  constructor(@InjectRedisTopology() private readonly topology$: Observable<Topology | ClusterTopology>) {}

  onModuleInit(): void {
    this.topology$
      .pipe(scan<Topology | ClusterTopology, TopologyView, History>(nextView, emptyHistory))
      .subscribe(this.latest$);
  }

  current(): Promise<TopologyView> {
    return firstValueFrom(this.latest$);
  }
}
