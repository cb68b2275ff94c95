import { NEVER, type Observable } from 'rxjs';
import type { Finding } from '../../lib/doctor/finding.js';
import type { Names } from '../../lib/doctor/gather/resolve-names.js';
import type { Report } from '../../lib/cli/report.js';
import { run } from '../../lib/cli/run.js';

export interface Examination {
  /** The command line after `doctor`. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly names?: Names;
  readonly interrupted$?: Observable<unknown>;
  /** Gets each line as it is printed. */
  readonly onLine?: (line: string) => void;
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process. */
export async function doctor({ args, environment = {}, onLine, ...rest }: Examination): Promise<Outcome> {
  return runCommand({ args: ['doctor', ...args], environment, ...rest, ...(onLine && { onLine }) });
}

export async function runCommand({
  args,
  environment = {},
  interrupted$ = NEVER,
  names,
  onLine,
}: Examination): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, {
    environment,
    version: '1.2.3',
    out: (text) => {
      out.push(text);
      onLine?.(text);
    },
    err: (text) => void err.push(text),
    interrupted$,
    ...(names && { names }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** What `--json` prints. */
export async function examine(examination: Examination): Promise<Report> {
  const { out } = await doctor({ ...examination, args: ['--json', ...examination.args] });
  return readReport(out);
}

/** The test of the shape of the report shows that it is one. */
export function readReport(json: string): Report {
  const parsed: unknown = JSON.parse(json);
  if (!isReport(parsed)) throw new Error(`This is no report: ${json}`);
  return parsed;
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1;
}

export function idsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ id }) => id);
}
