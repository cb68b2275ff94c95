import type { RedisReplicationOptions } from 'nestjs-redis-replication';

/** What the environment says about this app. */
export interface AppConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly replication: RedisReplicationOptions;
}

/** The token under which the configuration is injected. */
export const APP_CONFIG = Symbol('AppConfig');
