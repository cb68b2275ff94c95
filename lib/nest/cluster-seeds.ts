import { concat, map, NEVER, of, type Observable } from 'rxjs';
import { monotonicScheduler } from '../clock/clock.js';
import { readEndpoints } from '../sources/read-endpoints.js';
import { keepTrying } from '../sources/keep-trying.js';
import type { Endpoint } from '../topology/endpoint.js';
import type { ResolvedClusterOptions } from './options.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

/** The nodes that are asked first. A source of nodes is told nothing of the cluster, only to go on seeking. */
export function clusterSeeds(
  { cluster: { nodes }, redis }: ResolvedClusterOptions,
  notify: (told: LogLine, code: LogCode) => void,
): Observable<readonly Endpoint[]> {
  if (typeof nodes !== 'function') {
    return concat(of(readEndpoints('cluster.nodes', nodes)), NEVER);
  }
  const context = {
    observations$: NEVER,
    signals$: NEVER,
    seeking$: concat(of(true), NEVER),
    family: redis.family,
    scheduler: monotonicScheduler,
  };
  return keepTrying(nodes, context, (reason) => notify(line`${{ reason }}`, 'RR505')).pipe(
    map((list) => list.map(({ host, port, tls }) => ({ host, port, ...(tls === true && { tls }) }))),
  );
}
