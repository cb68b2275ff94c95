import { redisRule } from '../connections/ioredis/redis-rules.js';
import { credentialsRule } from '../credentials/credentials.js';
import { resendPolicies } from '../connections/outcomes/resend.js';
import {
  aFunction,
  allow,
  durationMs,
  findFaults,
  flag,
  isPlainObject,
  oneOf,
  text,
  throwFaults,
  wholeNumber,
  type Rule,
} from '../options/rules.js';
import { discoverNodes } from '../sources/discover-nodes.js';
import { mergeSources } from '../sources/merge-sources.js';
import { primaryEndpoint } from '../sources/primary-endpoint.js';
import { staticNodes } from '../sources/static-nodes.js';
import { DEFAULT_NAME } from './tokens.js';
import { readPolicies } from '../topology/pick.js';
import type { NodeSource } from '../sources/node-source.js';
import { needTcp, readEndpoints } from '../sources/read-endpoints.js';
import type {
  ClusterNodesOptions,
  RedisReplicationOptions,
  ResolvedClusterOptions,
  ResolvedOptions,
} from './options.js';

/**
 * Validates the options of a replication group and fills in all defaults.
 *
 * @throws TypeError that states each wrong option, its value and what is allowed.
 */
export function resolveOptions(options: RedisReplicationOptions, name = DEFAULT_NAME): ResolvedOptions {
  throwFaults(
    findFaults({ source: sourceRule, cluster: neither, ...commonRules }, options, { required: ['source'] }),
  );
  throwFaults(findTwoLogins(options));
  return { ...withDefaults(options), name, source: sourceOf(options) };
}

/**
 * Validates the options of a Redis Cluster and fills in all defaults.
 *
 * @throws TypeError that states each wrong option, its value and what is allowed.
 */
export function resolveClusterOptions(
  options: Extract<RedisReplicationOptions, { readonly cluster: ClusterNodesOptions }>,
  name = DEFAULT_NAME,
): ResolvedClusterOptions {
  throwFaults(
    findFaults({ cluster: clusterRule, source: neither, ...commonRules, ...clusterRules }, options, {
      required: ['cluster'],
    }),
  );
  throwFaults(findTwoLogins(options));
  return { ...withDefaults(options), name, cluster: options.cluster };
}

export function isForCluster(
  options: RedisReplicationOptions,
): options is Extract<RedisReplicationOptions, { readonly cluster: ClusterNodesOptions }> {
  return isPlainObject(options) && options.cluster !== undefined;
}

function withDefaults({ source: _source, cluster: _cluster, ...options }: RedisReplicationOptions) {
  const { hold = {}, unproven = {}, redis = {}, ...rest } = options;
  const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...DEFAULTS,
    ...defined,
    // What decides whether to use TLS looks there.
    redis: options.tls === undefined ? redis : { ...redis, tls: redis.tls ?? {} },
    unproven: { ...DEFAULTS.unproven, ...unproven },
    hold: {
      timeoutMs: hold.timeoutMs ?? DEFAULTS.hold.timeoutMs,
      maxCommands: hold.maxCommands ?? DEFAULTS.hold.maxCommands,
      maxBytes: hold.maxBytes ?? DEFAULTS.hold.maxBytes,
    },
  };
}

/** Two sources of one thing would leave open which of them counts. */
function findTwoLogins({ credentials, redis }: RedisReplicationOptions): readonly string[] {
  const given = (['username', 'password'] as const).filter((name) => redis?.[name] !== undefined);
  return credentials === undefined
    ? []
    : given.map((name) => `option "redis.${name}" is set, and so is "credentials"; allowed is one of them`);
}

/** @throws TypeError if there is none; the rules have found that before. */
function sourceOf({ source }: RedisReplicationOptions): NodeSource {
  if (source === undefined) {
    throw new TypeError('option "source" is missing');
  }
  return source;
}

const DEFAULTS = {
  redis: {},
  readFrom: 'replicaPreferred',
  boot: 'background',
  hold: { timeoutMs: 10_000, maxCommands: 10_000, maxBytes: 64_000_000 },
  resend: 'reads',
  requireMajority: false,
  unproven: { acceptAfterMs: 30_000 },
  bootTimeoutMs: 10_000,
  pollIntervalMs: 500,
  replyTimeoutMs: 250,
  shutdownTimeoutMs: 2000,
  probeKey: 'nestjs-redis-replication:probe',
  minReplicas: 0,
} as const satisfies Omit<ResolvedOptions, 'source' | 'name'>;

const SOURCES = 'staticNodes(…), discoverNodes(…), primaryEndpoint(…) or a NodeSource of your own';

const commonRules = {
  redis: redisRule,
  credentials: credentialsRule,
  tls: allow(
    'a function that gives TLS options; those that do not change belong in "redis.tls"',
    (value) => typeof value === 'function',
  ),
  readFrom: oneOf(readPolicies),
  hold: holdRule,
  resend: allow(
    '"reads", "idempotent", "all" or a function',
    (value) => typeof value === 'function' || resendPolicies.some((policy) => policy === value),
  ),
  requireMajority: flag,
  unproven: unprovenRule,
  boot: oneOf(['background', 'required']),
  bootTimeoutMs: durationMs(1),
  pollIntervalMs: durationMs(10),
  replyTimeoutMs: durationMs(10),
  shutdownTimeoutMs: durationMs(0),
  probeKey: text,
  minReplicas: wholeNumber(0),
} as const satisfies Readonly<Record<Exclude<keyof RedisReplicationOptions, 'source' | 'cluster'>, Rule>>;

/** What is different for a cluster. */
const clusterRules = {
  redis: clusterRedisRule,
  requireMajority: allow(
    'false: the masters of a cluster decide by majority who takes over',
    (value) => value === false,
  ),
} as const;

const neither: Rule = (subject) => [
  `${subject} is given together with the other of "source" and "cluster"; give one`,
];

function holdRule(subject: string, value: unknown): readonly string[] {
  const limits = { timeoutMs: durationMs(0), maxCommands: wholeNumber(0), maxBytes: wholeNumber(0) };
  return isPlainObject(value)
    ? findFaults(limits, value, { subjectOf: (key) => `option "hold.${key}"` })
    : allow('an object', isPlainObject)(subject, value);
}

function unprovenRule(subject: string, value: unknown): readonly string[] {
  return isPlainObject(value)
    ? findFaults({ acceptAfterMs: durationMs(0, false) }, value, {
        subjectOf: (key) => `option "unproven.${key}"`,
      })
    : allow('an object', isPlainObject)(subject, value);
}

function clusterRule(subject: string, value: unknown): readonly string[] {
  return isPlainObject(value)
    ? findFaults({ nodes: seedsRule, mapEndpoint: aFunction }, value, {
        subjectOf: (key) => `option "cluster.${key}"`,
        required: ['nodes'],
      })
    : allow('an object such as { nodes: ["host:port"] }', isPlainObject)(subject, value);
}

function seedsRule(subject: string, value: unknown): readonly string[] {
  if (typeof value === 'function') {
    return sourceRule(subject, value);
  }
  if (!Array.isArray(value)) {
    return allow('a list such as ["host:port"], or a NodeSource', Array.isArray)(subject, value);
  }
  try {
    readEndpoints(subject, value).forEach((endpoint, index) =>
      needTcp(`${subject}: node ${index + 1}`, endpoint),
    );
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function clusterRedisRule(subject: string, value: unknown): readonly string[] {
  const db: unknown = isPlainObject(value) ? Reflect.get(value, 'db') : undefined;
  const isAllowed = db === undefined || db === 0 || typeof db !== 'number';
  return [
    ...redisRule(subject, value),
    ...(isAllowed ? [] : [`option "redis.db" is ${db}; a cluster has database 0 only`]),
  ];
}

/** A source that is named but not called is a function as well, so only its result would be strange. */
function sourceRule(subject: string, value: unknown): readonly string[] {
  const uncalled = [staticNodes, discoverNodes, primaryEndpoint, mergeSources].find((each) => each === value);
  return uncalled === undefined
    ? allow(SOURCES, (given) => typeof given === 'function')(subject, value)
    : [`${subject} is the function ${uncalled.name} itself; allowed is its result: ${uncalled.name}(…)`];
}
