import type { RedisReplicationOptions } from 'nestjs-redis-replication';

/** The configuration of this app, as read from the environment. */
export interface AppConfig {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly replication: RedisReplicationOptions;
}

/** The token under which the configuration is injected. */
export const APP_CONFIG = Symbol('AppConfig');
