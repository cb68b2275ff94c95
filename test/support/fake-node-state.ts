import { createHash } from 'node:crypto';

/** What a node reports. Nothing here is derived, so a test can make it report anything. */
export interface FakeNodeState {
  readonly role: 'master' | 'replica';
  readonly version: string;
  readonly redisMode: 'standalone' | 'cluster' | 'sentinel';
  readonly loading: boolean;
  readonly runId: string;
  /** The number of connected clients that it reports. */
  readonly clients: number;
  readonly replid: string;
  readonly replid2: string;
  readonly offset: number;
  /** -1 without a `replid2`. */
  readonly secondOffset: number;
  /** `host:port`, of a replica. */
  readonly master: string;
  readonly linkStatus: 'up' | 'down';
  readonly syncInProgress: boolean;
  /** Of a master; they are only reported. */
  readonly replicas: readonly { readonly endpoint: string; readonly offset: number; readonly lag: number }[];
}

export const noReplid = '0'.repeat(40);

export const firstState: FakeNodeState = {
  role: 'master',
  version: '7.0.15',
  redisMode: 'standalone',
  loading: false,
  runId: fakeId('run'),
  clients: 1,
  replid: fakeId('replication'),
  replid2: noReplid,
  offset: 0,
  secondOffset: -1,
  master: '127.0.0.1:6379',
  linkStatus: 'up',
  syncInProgress: false,
  replicas: [],
};

/** Derives 40 hexadecimal digits from a name, for run ids and replication ids that a test can name. */
export function fakeId(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

/** The state after `REPLICAOF NO ONE` on a replica: a new replication id, with the old one as the second. */
export function promoted(state: FakeNodeState): FakeNodeState {
  if (state.role === 'master') return state;
  return {
    ...state,
    role: 'master',
    replid: fakeId(`${state.replid} ${state.runId}`),
    replid2: state.replid,
    secondOffset: state.offset + 1,
  };
}
