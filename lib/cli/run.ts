import { diagnose } from '../doctor/checks/diagnose.js';
import { findings, isFindingId, type FindingId } from '../doctor/finding.js';
import { gatherFacts } from '../doctor/gather/gather-facts.js';
import { observeGroup } from '../doctor/gather/observe-group.js';
import { nearest } from '../options/nearest.js';
import { helpText } from './help.js';
import { readArguments, type Arguments } from './read-arguments.js';
import { inWordsOfFlags, readSubject } from './read-subject.js';
import { renderText } from './render-text.js';
import { createReport } from './report.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';
import { watch } from './watch.js';

/** As `sysexits.h` has it. */
const USAGE = 64;

/** Runs the command, and returns its exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const given = readArguments(argv, terminal.environment);
    if (given.has('help') || given.command === 'help') {
      terminal.out(helpText());
      return 0;
    }
    if (given.has('version')) {
      terminal.out(terminal.version);
      return 0;
    }
    if (given.command !== 'doctor') {
      throw new UsageError(
        given.command === undefined
          ? 'no command is given; there is "doctor"'
          : 'unknown command; there is "doctor"',
      );
    }
    return await doctor(given, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\nnestjs-redis-replication --help lists all flags.`);
      return USAGE;
    }
    throw error;
  }
}

async function doctor(given: Arguments, terminal: Terminal): Promise<number> {
  const { subject: named, options } = readSubject(given, terminal.environment);
  const subject = { ...named, ...(terminal.names && { names: terminal.names }) };
  const ignored = readIgnored(given);
  const intervalMs = readInterval(given);
  const observation = inWordsOfFlags(() => observeGroup(options));
  const examine = async () => {
    const facts = await gatherFacts(subject, observation);
    return createReport(facts, diagnose(facts), ignored);
  };
  const format = given.has('json') ? 'json' : 'text';
  try {
    if (given.has('watch')) {
      return await watch({ observation, examine, intervalMs, format, terminal });
    }
    const report = await examine();
    terminal.out(format === 'json' ? JSON.stringify(report, undefined, 2) : renderText(report));
    return report.exitCode;
  } finally {
    await observation.close();
  }
}

function readIgnored(given: Arguments): readonly FindingId[] {
  const ids = (given.get('ignore') ?? '').split(',').filter((id) => id !== '');
  return ids.map((id, index) => {
    if (isFindingId(id)) {
      return id;
    }
    const meant = nearest(id, Object.keys(findings));
    const hint = meant === undefined ? 'docs/doctor.md lists all' : `did you mean "${meant}"?`;
    throw new UsageError(`--ignore: entry ${index + 1} is the id of no finding; ${hint}`);
  });
}

const DEFAULT_INTERVAL_MS = 10_000;
const LEAST_INTERVAL_MS = 100;

function readInterval(given: Arguments): number {
  const text = given.get('interval-ms') ?? String(DEFAULT_INTERVAL_MS);
  const intervalMs = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (intervalMs < LEAST_INTERVAL_MS) {
    throw new UsageError(`--interval-ms is no whole number of ${LEAST_INTERVAL_MS} or more`);
  }
  return intervalMs;
}
