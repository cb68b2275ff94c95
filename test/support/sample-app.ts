import { Test } from '@nestjs/testing';
import { onTestFinished } from 'vitest';
import { AppModule } from '../../sample-app/app.module.js';
import { APP_CONFIG } from '../../sample-app/config/app-config.js';
import type { Environment } from '../../sample-app/config/environment.js';
import { readConfig } from '../../sample-app/config/read-config.js';
import type { GroupView } from '../../sample-app/topology/topology-view.js';
import { recordLogs, type RecordedLogs } from './recorded-logs.js';
import { until } from '../../lib/testing/servers/until.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface SampleApp {
  readonly url: string;
  readonly logs: RecordedLogs;
  get(path: string): Promise<Answer>;
  /** A `body` that is a string is sent unchanged. */
  put(path: string, body: unknown): Promise<Answer>;
  topology(): Promise<GroupView>;
  /** Waits until the app has accepted this master. */
  whenMaster(endpoint: string): Promise<void>;
  close(): Promise<void>;
}

/** The sample app in this process, as these environment variables configure it; it is closed when the test is over. */
export async function startSampleApp(environment: Environment): Promise<SampleApp> {
  const config = readConfig({ PORT: '0', ...environment });
  const logs = recordLogs();
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(logs)
    .overrideProvider(APP_CONFIG)
    .useValue(config)
    .compile();
  const app = module.createNestApplication();
  const close = () => app.close();
  onTestFinished(close);
  await app.listen(config.port, config.host);
  const url = await app.getUrl();
  const topology = async () => parseView(await (await fetch(`${url}/topology`)).text());
  return {
    url,
    logs,
    topology,
    close,
    get: (path) => request(`${url}${path}`),
    put: (path, body) =>
      request(`${url}${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    whenMaster: (endpoint) =>
      until(`${endpoint} is the accepted master`, async () => {
        const current = await topology();
        return current.kind === 'steady' && current.master === endpoint;
      }),
  };
}

/** Parses a topology as the app reports it. */
function parseView(json: string): GroupView {
  const view: unknown = JSON.parse(json);
  if (!isView(view)) throw new Error(`This is no topology: ${json}`);
  return view;
}

function isView(value: unknown): value is GroupView {
  return typeof value === 'object' && value !== null && 'kind' in value && 'history' in value;
}

async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}
