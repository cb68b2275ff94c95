import { Module, type CanActivate, type ExecutionContext, type INestApplication } from '@nestjs/common';
import { RedisReplicationDashboardModule } from 'nestjs-redis-replication/dashboard';
import { AppModule } from './app.module.js';

/** Whoever asks with this header may look. */
const guard: CanActivate = {
  canActivate: (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers['x-operator'] === 'yes',
};

@Module({ imports: [AppModule, RedisReplicationDashboardModule.forRoot({ path: 'ops/redis', guard })] })
export class DashboardApp {}

/** Prints one line of JSON that says what the dashboard answers, and ends the app. */
export async function askDashboard(app: INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/ops/redis`;
  const headers = { 'x-operator': 'yes' };
  const ask = (path: string) => fetch(`${url}${path}`, { headers });
  const page = await ask('');
  const script = /src="(redis\/[^"]+)"/.exec(await page.text())?.[1] ?? 'none';
  const file = await fetch(new URL(script, url), { headers });
  const data = (await (await ask('/data')).json()) as { state: { state: unknown } };
  const stream = (await ask('/stream')).text();
  const refused = await fetch(`${url}/stream`);
  await app.close();
  const answers = {
    page: [page.status, page.headers.get('content-type')],
    file: [file.status, file.headers.get('content-type')],
    data: data.state.state,
    stream: (await stream).includes('event: state'),
    refused: refused.status,
  };
  console.log(JSON.stringify(answers));
}
