import { createHash } from 'node:crypto';

/** What a node says of itself. Nothing here is derived: a test may make it say anything. */
export interface FakeNodeState {
  readonly role: 'master' | 'replica';
  readonly version: string;
  readonly redisMode: 'standalone' | 'cluster' | 'sentinel';
  readonly loading: boolean;
  readonly runId: string;
  /** How many are connected, as it says. */
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

/** 40 hexadecimal digits, the same for the same name: run ids and replication ids that a test can name. */
export function fakeId(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

/** As `REPLICAOF NO ONE` does on a replica: a new replication id that remembers the old one. */
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
