import { Subject, type Observable } from 'rxjs';
import type { Activity } from '../stream/activity.js';
import type { CountedTopologyStream } from '../stream/topology-stream.js';
import { formatEndpoint } from '../topology/endpoint.js';
import type { Topology } from '../topology/topology.js';

/** What is known of one group at this moment. */
export interface ObservedGroup {
  /** Redis Cluster: the id of the shard. */
  readonly shard?: string;
  readonly topology: Topology;
  readonly activity: Activity;
}

/** A node has been probed, and `topology` says so already. */
export interface Probed extends Omit<ObservedGroup, 'activity'> {
  readonly endpoint: string;
  /** In milliseconds of the monotonic clock. */
  readonly at: number;
}

interface Followed {
  readonly shard?: string;
  readonly latest: () => Topology;
}

/** What the observers of an instance have found: of its group, or of each shard of its cluster. Starts no probe by itself. */
export class ObservedGroups {
  private readonly groups = new Map<string, () => ObservedGroup>();
  private readonly news$ = new Subject<Probed>();
  /** When each node last answered an observer, in milliseconds of the monotonic clock. */
  private readonly answeredAt = new Map<string, number>();

  /** Emits after each probe, and never errors. */
  get probed$(): Observable<Probed> {
    return this.news$;
  }

  follow({ observed$, activity }: CountedTopologyStream, { shard, latest }: Followed): void {
    const group = () => ({ ...(shard !== undefined && { shard }), topology: latest() });
    this.groups.set(shard ?? '', () => ({ ...group(), activity: activity() }));
    observed$.subscribe({
      next: ({ endpoint: address, kind, at }) => {
        const endpoint = formatEndpoint(address);
        if (kind === 'answered') {
          this.answeredAt.set(endpoint, at);
        }
        this.news$.next({ ...group(), endpoint, at });
      },
      complete: () => this.groups.delete(shard ?? ''),
    });
  }

  /** One, or one for each shard. */
  read(): readonly ObservedGroup[] {
    return [...this.groups.values()].map((group) => group());
  }

  /** Whether a node has answered since `at`, in milliseconds of the monotonic clock. */
  hasAnsweredSince(endpoint: string, at: number): boolean {
    return (this.answeredAt.get(endpoint) ?? 0) >= at;
  }
}
