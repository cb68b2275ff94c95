import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../../lib/testing/servers/free-port.js';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { until } from '../../lib/testing/servers/until.js';
import { killAfterUs } from '../../lib/testing/servers/watchdog.js';
import { findPrometheus } from '../../tools/find-binary.mjs';

export interface PrometheusOptions {
  /** Where the metrics are, as a URL. */
  readonly target: string;
  /** The text of a file of rules. */
  readonly rules: string;
  /** The time between two scrapes, and between two evaluations of the rules. */
  readonly intervalMs: number;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusServer {
  /** The samples of an instant vector. Rejects if the expression is wrong. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The names of the alerts that fire now. */
  firing(): Promise<readonly string[]>;
  /** The names of all alerts of this severity that have ever fired. */
  everFired(severity: 'page' | 'ticket'): Promise<readonly string[]>;
}

export const hasPrometheus = findPrometheus() !== undefined;

/** A real Prometheus that scrapes one target; it ends with the test. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const folder = await makeTemporaryFolder('prometheus');
  const url = await launch(await writeConfig(folder.path, options), folder.path);
  const query = async (expression: string) => {
    const response = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
    });
    return readVector(await response.json());
  };
  const namesOf = async (expression: string) =>
    (await query(`count by (alertname) (${expression})`))
      .map(({ labels }) => labels['alertname'] ?? '')
      .toSorted();
  await until('it has scraped', async () => (await query('up == 1')).length === 1, { timeoutMs: 15_000 });
  return {
    query,
    firing: () => namesOf('ALERTS{alertstate="firing"}'),
    everFired: (severity) => namesOf(`max_over_time(ALERTS{alertstate="firing",severity="${severity}"}[1h])`),
  };
}

async function writeConfig(
  folder: string,
  { target, rules, intervalMs }: PrometheusOptions,
): Promise<string> {
  const { host, pathname } = new URL(target);
  const [path, rulesPath] = [join(folder, 'prometheus.yml'), join(folder, 'rules.yml')];
  const config = {
    global: {
      scrape_interval: `${intervalMs}ms`,
      evaluation_interval: `${intervalMs}ms`,
      scrape_timeout: `${intervalMs}ms`,
    },
    rule_files: [rulesPath],
    scrape_configs: [{ job_name: 'app', metrics_path: pathname, static_configs: [{ targets: [host] }] }],
  };
  await writeFile(rulesPath, rules);
  // YAML is a superset of JSON.
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** Returns its URL when it is ready. */
async function launch(config: string, folder: string): Promise<string> {
  const address = `127.0.0.1:${await findFreePort()}`;
  const child = spawn(
    findPrometheus() ?? 'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const forget = killAfterUs(child.pid ?? 0);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    forget();
  });
  const isReady = async () => (await fetch(`http://${address}/-/ready`)).ok;
  await until('Prometheus is ready', isReady, { timeoutMs: 15_000 });
  return `http://${address}`;
}

function readVector(answer: unknown): readonly Sample[] {
  if (!isVector(answer)) throw new Error(`This is no vector: ${JSON.stringify(answer)}`);
  return answer.data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
}

interface Vector {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

function isVector(answer: unknown): answer is Vector {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'data' in answer &&
    Reflect.get(answer, 'status') === 'success'
  );
}
