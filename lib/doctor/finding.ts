/**
 * - `error`: the app cannot work as it should.
 * - `warning`: it works, and something will hurt it.
 * - `note`: worth knowing; it changes no exit code.
 */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that an expert would point out. Free of credentials, and each text is one line. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** `host:port`; absent where it concerns the group. */
  readonly node?: string;
  readonly what: string;
  /** What to run or to change. */
  readonly remedy: string;
}

/** All findings with their usual severity; a check may find that it is worse or not as bad. */
const severities = {
  'node-refused': 'warning',
  'node-not-found': 'warning',
  'node-unreachable': 'warning',
  'node-timeout': 'warning',
  'node-paused': 'warning',
  'node-closed': 'warning',
  'node-full': 'warning',
  'node-loading': 'warning',
  'node-protected': 'warning',
  'node-error': 'warning',
  'not-redis': 'warning',
  'is-sentinel': 'warning',
  'is-cluster': 'warning',
  'no-cluster': 'warning',
  'cluster-down': 'warning',
  'tls-expected': 'warning',
  'tls-not-spoken': 'warning',
  'tls-untrusted': 'warning',
  'tls-name': 'warning',
  'tls-expired': 'warning',
  'tls-failed': 'warning',
  'tls-expires': 'warning',
  'plain-password': 'note',
  'login-missing': 'warning',
  'login-refused': 'warning',
  'login-forbidden': 'warning',
  'database-refused': 'error',
  'open-to-anyone': 'warning',
  'source-failing': 'error',
  'no-master': 'error',
  contested: 'warning',
  unproven: 'warning',
  'no-majority': 'error',
  'majority-of-two': 'note',
  'stale-master': 'warning',
  'untrusted-info': 'warning',
  'same-server': 'warning',
  'no-replica': 'warning',
  'few-replicas': 'warning',
  'replica-link-down': 'warning',
  'replica-syncing': 'note',
  'replica-astray': 'warning',
  'replica-lags': 'warning',
  'replica-chained': 'note',
  'replica-writable': 'warning',
  'no-candidate': 'warning',
  'versions-differ': 'warning',
  'version-unsupported': 'warning',
  'announced-unreachable': 'warning',
  'unlisted-node': 'warning',
  'dns-several': 'warning',
  'dns-slow': 'warning',
  'dns-ttl': 'warning',
  'right-info': 'warning',
  'right-watcher': 'warning',
  'right-health': 'warning',
  'right-channel': 'warning',
  'right-cluster': 'error',
  'settings-hidden': 'note',
  'probe-key-taken': 'warning',
  'watcher-silent': 'warning',
  'channel-silent': 'warning',
  'old-protocol': 'note',
  'writes-noreplicas': 'error',
  'writes-misconf': 'error',
  'writes-oom': 'error',
  'writes-silent': 'error',
  'writes-refused': 'error',
  'min-replicas-tight': 'warning',
  'min-replicas-off': 'note',
  'backlog-small': 'warning',
  'repl-timeout-short': 'warning',
  'idle-timeout': 'warning',
  'slow-node': 'warning',
  'clients-near-limit': 'warning',
  'memory-near-limit': 'warning',
  'not-persistent': 'warning',
  'saving-fails': 'warning',
  'sentinel-unusable': 'warning',
  'sentinels-disagree': 'warning',
  'sentinel-no-quorum': 'warning',
  'few-sentinels': 'warning',
  'slots-unassigned': 'error',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingId = keyof typeof severities;

/** Each id with its usual severity. */
export const findings: Readonly<Record<FindingId, Severity>> = severities;

export function isFindingId(text: string): text is FindingId {
  return Object.hasOwn(severities, text);
}

interface Details extends Pick<Finding, 'what' | 'remedy'> {
  readonly node?: string | undefined;
  /** Default: the usual one. */
  readonly severity?: Severity | undefined;
}

export function finding(id: FindingId, { node, what, remedy, severity = severities[id] }: Details): Finding {
  return { id, severity, ...(node !== undefined && { node }), what, remedy };
}
