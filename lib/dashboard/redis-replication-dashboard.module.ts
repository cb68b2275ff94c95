import { Module, type DynamicModule } from '@nestjs/common';
import { RedisReplicationConnections } from '../nest/redis-replication-connections.js';
import { readAssets } from './assets.js';
import { checkOptions, type RedisReplicationDashboardOptions } from './dashboard-options.js';
import { ASSETS, dashboardAt } from './dashboard.controller.js';
import { Dashboard } from './dashboard.js';
import { OpenStreams } from './open-streams.js';

/**
 * A page that shows each instance of the app live: who is master and why, what is held, health, and the last failovers. For
 * Express and Fastify. While somebody watches, it sends a test write and a test read a second, as the health check does;
 * otherwise it does nothing.
 *
 * @example
 * ```ts
 * RedisReplicationDashboardModule.forRoot({ path: 'ops/redis', guard: OperatorGuard })
 * ```
 * @publicApi
 */
@Module({})
export class RedisReplicationDashboardModule {
  /**
   * Mounts the page.
   *
   * @throws TypeError that names each option that is wrong.
   */
  static forRoot(options: RedisReplicationDashboardOptions): DynamicModule {
    checkOptions(options);
    return {
      module: RedisReplicationDashboardModule,
      imports: options.imports ?? [],
      controllers: [dashboardAt(options)],
      // Provided here too, so that an instance need not be global to be shown.
      providers: [
        Dashboard,
        OpenStreams,
        RedisReplicationConnections,
        { provide: ASSETS, useFactory: readAssets },
      ],
    };
  }
}
