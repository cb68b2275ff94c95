import {
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  VERSION_NEUTRAL,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { map, takeUntil, type Observable } from 'rxjs';
import type { Asset } from './assets.js';
import { Dashboard } from './dashboard.js';
import type { RedisReplicationDashboardOptions } from './dashboard-options.js';
import { nowMs } from './measure.js';
import { OpenStreams } from './open-streams.js';

export const ASSETS = Symbol('RedisReplicationDashboardAssets');

const RECONNECT_MS = 1000;

/** The page loads nothing from other origins and runs no inline script, even if a server's name contains markup. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What is used of a request of Express or Fastify. */
interface Requested {
  readonly originalUrl: string;
}

/** The routes, without the path and the guard. */
@Injectable()
class DashboardRoutes {
  constructor(
    private readonly dashboard: Dashboard,
    private readonly streams: OpenStreams,
    @Inject(ASSETS) private readonly assets: ReadonlyMap<string, Asset>,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Referrer-Policy', 'no-referrer')
  @Header('Cache-Control', 'no-cache')
  page(@Req() request: Requested): string {
    const html = this.find('index.html').content.toString('utf8');
    return html.replaceAll('{{base}}', baseOf(request.originalUrl));
  }

  @Get('assets/:name')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Cache-Control', 'no-cache')
  asset(@Param('name') name: string): StreamableFile {
    const { content, type } = this.find(name);
    return new StreamableFile(content, { type, length: content.length });
  }

  @Get('data')
  @Header('Cache-Control', 'no-store')
  data(@Query('instance') asked?: string): object {
    const identity = this.dashboard.identify(asked);
    return { at: nowMs(), ...identity, ...this.dashboard.read(identity.instance) };
  }

  @Sse('stream')
  stream(
    @Res({ passthrough: true }) response: unknown,
    @Query('instance') asked?: string,
  ): Observable<MessageEvent> {
    const identity = this.dashboard.identify(asked);
    const updates$ = this.dashboard.watch(identity.instance);
    this.streams.add(response);
    return updates$.pipe(
      map(({ kind: type, ...update }): MessageEvent => ({
        type,
        data: { at: nowMs(), ...identity, ...update },
        retry: RECONNECT_MS,
      })),
      takeUntil(this.streams.closing$),
    );
  }

  private find(name: string): Asset {
    const asset = this.assets.get(name);
    if (asset === undefined) {
      throw new NotFoundException(`there is no file ${name}`);
    }
    return asset;
  }
}

/** The routes at a path, behind a guard. They have no version, whatever the versioning of the app. */
export function dashboardAt({
  path = 'redis',
  guard,
}: RedisReplicationDashboardOptions): Type<DashboardRoutes> {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(guard)
  class RedisReplicationDashboardController extends DashboardRoutes {}
  return RedisReplicationDashboardController;
}

/** What leads from the page to its files, whatever is before the path: a global prefix, or that of a proxy. */
function baseOf(url: string): string {
  const last = new URL(url, 'http://localhost').pathname.split('/').at(-1);
  return last === undefined || last === '' ? '' : `${last}/`;
}
