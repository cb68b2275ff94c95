import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Inject,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';

/** Asks for the password of the page, where one is set; any user name will do. */
@Injectable()
export class PageGuard implements CanActivate {
  constructor(@Inject(APP_CONFIG) private readonly config: Pick<AppConfig, 'pagePassword'>) {}

  canActivate(context: ExecutionContext): boolean {
    const { pagePassword } = this.config;
    const http = context.switchToHttp();
    const { authorization } = http.getRequest<IncomingMessage>().headers;
    if (pagePassword === undefined || isSame(readPassword(authorization), pagePassword)) {
      return true;
    }
    http.getResponse<ServerResponse>().setHeader('WWW-Authenticate', 'Basic realm="Redis"');
    throw new UnauthorizedException();
  }
}

/** The password in a header of HTTP Basic. */
function readPassword(authorization = ''): string {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(authorization) ?? [];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

/** Takes the same time however much of the password is right. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [given, wanted].map((each) => createHash('sha256').update(each).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
