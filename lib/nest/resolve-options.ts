import { ownedOptions } from '../connections/ioredis/redis-options.js';
import { resendPolicies, type Resend } from '../connections/outcomes/resend.js';
import { readPolicies } from '../topology/pick.js';
import { describeValue } from './describe-value.js';
import type { RedisReplicationOptions, ResolvedOptions } from './options.js';

const OPTION_NAMES = [
  'source',
  'redis',
  'readFrom',
  'hold',
  'resend',
  'requireMajority',
  'unproven',
  'boot',
  'bootTimeoutMs',
  'pollIntervalMs',
  'replyTimeoutMs',
  'shutdownTimeoutMs',
  'probeKey',
  'minReplicas',
] as const satisfies readonly (keyof RedisReplicationOptions)[];

/**
 * Validates the options and fills in all defaults.
 *
 * @throws TypeError that states the option, its value and the allowed values.
 */
export function resolveOptions(options: RedisReplicationOptions): ResolvedOptions {
  requireObject('options', options);
  refuseUnknown('', options, OPTION_NAMES);
  const { source, redis = {}, hold = {}, readFrom = 'replicaPreferred', boot = 'background' } = options;
  const { resend = 'reads', requireMajority = false, unproven = {} } = options;
  if (typeof source !== 'function') {
    throw invalid(
      'source',
      source,
      'staticNodes(…), discoverNodes(…), primaryEndpoint(…) or a NodeSource of your own',
    );
  }
  requireObject('redis', redis);
  refuseOwned(redis);
  requireObject('hold', hold);
  refuseUnknown('hold.', hold, ['timeoutMs', 'maxCommands']);
  requireObject('unproven', unproven);
  refuseUnknown('unproven.', unproven, ['acceptAfterMs']);
  return {
    source,
    redis,
    readFrom: oneOf('readFrom', readFrom, readPolicies),
    boot: oneOf('boot', boot, ['background', 'required']),
    hold: {
      timeoutMs: duration('hold.timeoutMs', hold.timeoutMs, { otherwise: 10_000, least: 0 }),
      maxCommands: count('hold.maxCommands', hold.maxCommands, 10_000),
    },
    resend: resendPolicy(resend),
    unproven: {
      acceptAfterMs:
        unproven.acceptAfterMs === false
          ? false
          : duration('unproven.acceptAfterMs', unproven.acceptAfterMs, {
              otherwise: 30_000,
              least: 0,
              also: ', or false',
            }),
    },
    requireMajority: flag('requireMajority', requireMajority),
    bootTimeoutMs: duration('bootTimeoutMs', options.bootTimeoutMs, { otherwise: 10_000, least: 1 }),
    pollIntervalMs: duration('pollIntervalMs', options.pollIntervalMs, { otherwise: 500, least: 10 }),
    replyTimeoutMs: duration('replyTimeoutMs', options.replyTimeoutMs, { otherwise: 250, least: 10 }),
    shutdownTimeoutMs: duration('shutdownTimeoutMs', options.shutdownTimeoutMs, {
      otherwise: 2000,
      least: 0,
    }),
    probeKey: text('probeKey', options.probeKey, 'nestjs-redis-replication:probe'),
    minReplicas: count('minReplicas', options.minReplicas, 0),
  };
}

/** The longest delay of a timer in Node.js, about 24 days. */
const MAX_DURATION_MS = 2 ** 31 - 1;

function refuseUnknown(prefix: string, options: object, allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`unknown option "${prefix}${unknown}"; allowed are ${allowed.join(', ')}`);
  }
}

function refuseOwned(redis: object): void {
  for (const [name, reason] of Object.entries(ownedOptions)) {
    const value: unknown = Reflect.get(redis, name);
    const isHarmless = value === undefined || (name === 'maxRetriesPerRequest' && value === null);
    if (!isHarmless) {
      throw new TypeError(`option "redis.${name}" belongs to the library: ${reason}`);
    }
  }
}

function requireObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(name, value, 'an object');
  }
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) {
    throw invalid(name, value, allowed.map((each) => `"${each}"`).join(', '));
  }
  return value;
}

function duration(
  name: string,
  value: number | undefined,
  {
    otherwise,
    least,
    also = '',
  }: { readonly otherwise: number; readonly least: number; readonly also?: string },
): number {
  const isValid =
    value === undefined || (Number.isFinite(value) && value >= least && value <= MAX_DURATION_MS);
  if (!isValid) {
    throw invalid(name, value, `a number of milliseconds from ${least} to ${MAX_DURATION_MS}${also}`);
  }
  return value ?? otherwise;
}

function count(name: string, value: number | undefined, otherwise: number): number {
  if (value !== undefined && (!Number.isInteger(value) || value < 0)) {
    throw invalid(name, value, 'a whole number from 0');
  }
  return value ?? otherwise;
}

function resendPolicy(value: Resend): Resend {
  if (typeof value !== 'function' && !resendPolicies.includes(value)) {
    throw invalid('resend', value, '"reads", "idempotent", "all" or a function');
  }
  return value;
}

function flag(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') {
    throw invalid(name, value, 'true or false');
  }
  return value;
}

function text(name: string, value: string | undefined, otherwise: string): string {
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw invalid(name, value, 'a non-empty string');
  }
  return value ?? otherwise;
}

function invalid(name: string, value: unknown, allowed: string): TypeError {
  return new TypeError(`option "${name}" is ${describeValue(value)}; allowed is ${allowed}`);
}
