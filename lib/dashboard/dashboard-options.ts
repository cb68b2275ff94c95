import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { allow, findFaults, throwFaults } from '../options/rules.js';

/** @publicApi */
export interface RedisReplicationDashboardOptions {
  /** Where the page is, below the global prefix of the app. Default `redis`; `/` is the root of the app. */
  readonly path?: string;
  /**
   * Decides who may see the page, its data and its stream: a class, which Nest creates with what it injects, or an object.
   * There is no default, because the page shows addresses.
   */
  readonly guard: Type<CanActivate> | CanActivate;
  /** The modules that export what the guard injects. Default: none. */
  readonly imports?: ModuleMetadata['imports'];
}

const rules = {
  path: allow('a path such as "ops/redis"', (value) => typeof value === 'string' && isPath(value)),
  guard: allow('a guard: a class with canActivate(), or an object with it', isGuard),
  imports: allow('a list of modules', Array.isArray),
};

/** @throws TypeError that names each fault. */
export function checkOptions(options: RedisReplicationDashboardOptions): void {
  const faults = findFaults(rules, options, { required: ['guard'] });
  throwFaults(faults, 'RedisReplicationDashboardModule.forRoot: ');
}

function isPath(value: string): boolean {
  return /^\/?(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/.test(value) && value !== '';
}

function isGuard(value: unknown): boolean {
  const owner: unknown = typeof value === 'function' ? value.prototype : value;
  return typeof owner === 'object' && owner !== null && 'canActivate' in owner;
}
