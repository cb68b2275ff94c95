import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printTrace } from './print-trace.js';
import { runSchedule } from './schedule.js';
import type { Violation } from './violation.js';

/** What a worker process reports about one schedule. */
interface Report {
  readonly seed: number;
  readonly violations: readonly Violation[];
}

interface Range {
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
  readonly end: 'all' | 'first violation';
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    'until-violation': { type: 'boolean', default: false },
    /** Run one schedule only, and print its full history. */
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Set for worker processes: the first seed, and the step to the next one. */
    share: { type: 'string' },
  },
});

const asked: Range = {
  from: Number(values.from),
  seeds: Number(values.seeds),
  jobs: Number(values.jobs),
  end: values['until-violation'] ? 'first violation' : 'all',
};

if (values.seed !== undefined) {
  await runOne(Number(values.seed));
} else if (values.share !== undefined) {
  await runShare(asked, Number(values.share), (report) => process.send?.(report));
  process.disconnect();
} else {
  await runAll(asked);
}

async function runOne(seed: number): Promise<void> {
  const result = await runSchedule(seed);
  if (values.trace) {
    printTrace(result);
  }
  printReport(result);
  process.exitCode = result.violations.length > 0 ? 1 : 0;
}

async function runShare(
  { from, seeds, jobs, end }: Range,
  share: number,
  note: (report: Report) => void,
): Promise<void> {
  for (let seed = from + share; seed < from + seeds; seed += jobs) {
    const { violations } = await runSchedule(seed);
    note({ seed, violations });
    if (violations.length > 0 && end === 'first violation') return;
  }
}

async function runAll(range: Range): Promise<void> {
  const startedAt = performance.now();
  const failing = new Set<number>();
  let done = 0;
  const perSecond = () => ((done / (performance.now() - startedAt)) * 1000).toFixed(1);
  const note = (report: Report) => {
    done += 1;
    if (report.violations.length > 0) failing.add(report.seed);
    printReport(report);
    if (done % 500 === 0) console.log(`${done} of ${range.seeds} schedules, ${perSecond()} per second`);
  };
  // To load the simulation takes as long as ten schedules, so a single job runs in this process.
  await (range.jobs === 1 ? runShare(range, 0, note) : runShares(range, note));
  console.log(`${done} schedules, ${perSecond()} per second, ${failing.size} with violations`);
  process.exitCode = failing.size > 0 ? 1 : 0;
}

/** Each share in a process of its own. */
async function runShares(range: Range, note: (report: Report) => void): Promise<void> {
  const children = Array.from({ length: range.jobs }, (_, share) => startShare(share));
  let stopped = false;
  for (const child of children) {
    child.on('message', (report: Report) => {
      note(report);
      if (report.violations.length > 0 && range.end === 'first violation') {
        stopped = true;
        children.forEach((each) => each.kill());
      }
    });
  }
  const ends = await Promise.all(children.map((child) => once(child, 'exit')));
  if (!stopped && ends.some(([code]) => code !== 0)) throw new Error('A process of the simulation crashed');
}

function startShare(share: number): ChildProcess {
  return fork(fileURLToPath(import.meta.url), [
    ...process.argv.slice(2),
    '--jobs',
    values.jobs,
    '--share',
    String(share),
  ]);
}

function printReport({ seed, violations }: Report): void {
  for (const { invariant, text, at } of violations) {
    console.log(`seed ${seed}, at ${at.toFixed(1)} ms: ${invariant}: ${text}`);
  }
  if (violations.length > 0) {
    console.log(`to see what happened: npm run simulate -- --seed ${seed} --trace`);
  }
}
