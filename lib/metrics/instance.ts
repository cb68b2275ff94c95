import type { ClusterReplication } from '../nest/cluster-replication.js';
import type { Replication } from '../nest/replication.js';

/** What metrics and traces read of one instance of the module: everything but its connections. */
export type Instance = Pick<
  Replication | ClusterReplication,
  'options' | 'observed' | 'ledger' | 'failovers' | 'logins'
>;
