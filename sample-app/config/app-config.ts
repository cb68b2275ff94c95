import type { RedisReplicationOptions } from 'nestjs-redis-replication';

/** The configuration of this app, as read from the environment. */
export interface AppConfig {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Asked for before the page is shown; absent if it is open to all who can reach the app. */
  readonly pagePassword?: string;
  readonly replication: RedisReplicationOptions;
}

/** The token under which the configuration is injected. */
export const APP_CONFIG = Symbol('AppConfig');
