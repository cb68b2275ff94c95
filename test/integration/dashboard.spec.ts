import { get, type IncomingMessage } from 'node:http';
import {
  ForbiddenException,
  Injectable,
  Module,
  VersioningType,
  type CanActivate,
  type INestApplication,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisReplicationModule, staticNodes } from 'nestjs-redis-replication';
import {
  RedisReplicationDashboardModule,
  type RedisReplicationDashboardOptions,
} from 'nestjs-redis-replication/dashboard';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { recordLogs } from '../support/recorded-logs.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

afterAll(() => group.stop());

const anybody: CanActivate = { canActivate: () => true };

const adapters = {
  Express: () => new ExpressAdapter(),
  // As Express does; otherwise the page is not found with a slash at its end.
  Fastify: () => new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } }),
};

interface Options extends Partial<RedisReplicationDashboardOptions> {
  readonly names?: readonly string[];
  /** Default: Express. */
  readonly adapter?: keyof typeof adapters;
  readonly configure?: (app: INestApplication) => void;
}

interface App {
  readonly url: string;
  readonly close: () => Promise<void>;
}

async function startApp({
  names = ['default'],
  adapter = 'Express',
  configure,
  ...options
}: Options = {}): Promise<App> {
  const instances = names.map((name) =>
    RedisReplicationModule.forRoot({ name, source: staticNodes(group.endpoints), boot: 'required' }),
  );
  const dashboard = RedisReplicationDashboardModule.forRoot({ guard: anybody, ...options });
  const module = await Test.createTestingModule({ imports: [...instances, dashboard] })
    .setLogger(recordLogs())
    .compile();
  const app = module.createNestApplication(adapters[adapter]());
  configure?.(app);
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}

const statusOf = async (url: string) => {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
};

/** The first event of this kind. `fetch` would leave a connection behind for which the app waits when it closes. */
async function readEvent(url: string, kind: string): Promise<unknown> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false }, resolve).once('error', reject);
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk);
    const found = new RegExp(`event: ${kind}\\n(?:[a-z]+: .*\\n)*?data: (.*)\\n`).exec(text)?.[1];
    if (found !== undefined) return JSON.parse(found);
  }
  throw new Error(`The stream has ended without an event ${kind}: ${text}`);
}

describe.each(['Express', 'Fastify'] as const)('with %s', (adapter) => {
  const start = (options: Options = {}) => startApp({ adapter, ...options });

  test('a guard that refuses refuses the page, its files, its data and its stream', async () => {
    @Injectable()
    class Operators {
      readonly names: readonly string[] = [];
    }
    @Module({ providers: [Operators], exports: [Operators] })
    class OperatorsModule {}
    @Injectable()
    class OperatorGuard implements CanActivate {
      constructor(private readonly operators: Operators) {}

      canActivate(): boolean {
        throw new ForbiddenException(`none of ${this.operators.names.length} operators`);
      }
    }
    const { url } = await start({ guard: OperatorGuard, imports: [OperatorsModule] });
    for (const path of ['', '/assets/page.js', '/assets/none', '/data', '/stream', '/data?instance=none']) {
      expect([path, await statusOf(`${url}/redis${path}`)]).toEqual([path, 403]);
    }
  });

  test('the page and its files are found at the path, below a global prefix and whatever the versioning', async () => {
    const { url } = await start({
      path: 'ops/redis',
      configure: (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
    });
    const page = `${url}/api/ops/redis`;
    const response = await fetch(page);
    const html = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(3);
    for (const from of [page, `${page}/`]) {
      const found = [...(await (await fetch(from)).text()).matchAll(/(?:src|href)="([^"]+)"/g)];
      expect(found).toHaveLength(links.length);
      for (const [, link = ''] of found) {
        expect([link, await statusOf(new URL(link, from).href)]).toEqual([link, 200]);
      }
    }
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|https?:\/\//);
    expect(await statusOf(`${page}/assets/..%2f..%2findex.js`)).toBe(404);
  });

  test('an app that does not ask for it has no such page', async () => {
    const { url } = await start({ path: 'other' });
    expect(await statusOf(`${url}/redis`)).toBe(404);
  });

  test('the data and the stream tell what is known of an instance', async () => {
    const { url } = await start();
    const known = {
      instance: 'default',
      instances: ['default'],
      pod: expect.any(String) as unknown,
      at: expect.any(Number) as unknown,
    };
    const state = {
      kind: 'group',
      state: 'steady',
      held: { commands: 0, bytes: 0 },
      groups: [
        {
          topology: expect.objectContaining({ kind: 'steady', master: group.master.endpoint }) as unknown,
          reader: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
          held: { commands: 0, bytes: 0 },
        },
      ],
    };
    expect(await (await fetch(`${url}/redis/data`)).json()).toEqual({
      ...known,
      state,
      failovers: [],
      samples: expect.any(Array) as unknown,
    });
    expect(await readEvent(`${url}/redis/stream`, 'state')).toEqual({ ...known, state });
    expect(await readEvent(`${url}/redis/stream`, 'failovers')).toEqual({ ...known, failovers: [] });
  });

  test('an instance is chosen by its name, and an unknown one is refused with the names', async () => {
    const { url } = await start({ names: ['cache', 'sessions'] });
    const read = async (query: string): Promise<unknown> => (await fetch(`${url}/redis/data${query}`)).json();
    expect(await read('')).toMatchObject({ instance: 'cache', instances: ['cache', 'sessions'] });
    expect(await read('?instance=sessions')).toMatchObject({ instance: 'sessions' });
    expect(await read('?instance=none')).toMatchObject({
      statusCode: 404,
      message: 'there is no instance "none"; known are "cache", "sessions"',
    });
    expect(await statusOf(`${url}/redis/stream?instance=none`)).toBe(404);
  });

  test('an open stream ends when the app closes, and does not keep it open', async () => {
    const app = await start();
    const response = await fetch(`${app.url}/redis/stream`);
    const read = response.text();
    await app.close();
    expect(await read).toContain('event: state');
  });
});

test.each<[unknown, string]>([
  [{}, 'option "guard" is undefined; allowed is a guard: a class with canActivate(), or an object'],
  [
    { guard: 'none' },
    'option "guard" is a string; allowed is a guard: a class with canActivate(), or an object',
  ],
  [
    { guard: anybody, path: 'a b' },
    'option "path" is a string with blanks; allowed is a path such as "ops/redis"',
  ],
  [{ guard: anybody, paht: 'x' }, 'option "paht"'],
])('%j is refused', (options, message) => {
  const forRoot = (): unknown => Reflect.apply(RedisReplicationDashboardModule.forRoot, undefined, [options]);
  expect(forRoot).toThrow(message);
});
