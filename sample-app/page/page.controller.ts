import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ServerResponse } from 'node:http';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';

/** An allow list, so that no other name can lead to a file. */
const files: readonly string[] = [
  'index.html',
  'page.css',
  'page.js',
  'live-updates.js',
  'render.js',
  'elements.js',
  'wording.js',
  'icon.svg',
];

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page loads nothing from other origins and runs no inline script, even if a server's name contains markup. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

@Controller()
export class PageController {
  @Get()
  page(@Res({ passthrough: true }) response: ServerResponse): Promise<string> {
    return this.file('index.html', response);
  }

  @Get('page/:name')
  async file(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const type = types[extname(name)];
    if (!files.includes(name) || type === undefined) {
      throw new NotFoundException(`there is no file ${name}`);
    }
    response.setHeader('Content-Type', type);
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Security-Policy', contentSecurityPolicy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // The files are beside this one, both in the source and in the build.
    return readFile(new URL(`public/${name}`, import.meta.url), 'utf8');
  }
}
