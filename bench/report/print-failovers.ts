import type { RecoveryResult } from '../measure/recovery.js';
import type { ReadsResult } from '../measure/reads.js';
import { mean, summarize } from '../measure/statistics.js';
import type { ContenderResult, Outcome } from '../measure/take-turns.js';
import { formatMean, formatMs, formatTable, formatWithin, printSection } from './format.js';

const timeHeaders = ['', 'rounds', 'median', 'p99', 'worst', 'stall, median', 'stall, worst'];

/** What the columns of the tables below mean. */
export function printLegend(): void {
  printSection(
    'Failovers',
    [
      'One caller writes one unique id after the other. Times: to the first one that the new master acknowledged.',
      'stall: the longest time without an acknowledgement. Numbers of writes are means of one round:',
      'failed: refused, or reported as not applied; unknown: rejected otherwise, or never answered;',
      'duplicated: there twice; lost: acknowledged after the promotion by a superseded master.',
    ].join('\n'),
  );
}

export function printRecovery({ scenario, note, limitMs, ...result }: RecoveryResult): void {
  printSection(scenario, `${note}; ${result.secondsPerRound.toFixed(1)} s a round`);
  const played = result.contenders.filter(({ rounds }) => rounds.length > 0);
  const rows = played.map((each) => {
    const count = (key: 'failed' | 'unknown' | 'duplicated' | 'lost') =>
      formatMean(mean(each.rounds.map((round) => round[key])));
    return [
      ...timeCells(each, limitMs),
      ...(['failed', 'unknown', 'duplicated', 'lost'] as const).map(count),
    ];
  });
  console.log(formatTable([...timeHeaders, 'failed', 'unknown', 'duplicated', 'lost'], rows));
  for (const { contender, rounds } of played) {
    const wrong = rounds.reduce((sum, { failedYetApplied }) => sum + failedYetApplied, 0);
    if (wrong > 0) console.log(`${contender}: ${wrong} writes reported as not applied were applied`);
  }
  printRemarks(result.contenders);
}

export function printReads({ scenario, note, limitMs, ...result }: ReadsResult): void {
  printSection(scenario, `${note}; ${result.secondsPerRound.toFixed(1)} s a round`);
  const rows = result.contenders
    .filter(({ rounds }) => rounds.length > 0)
    .map((each) => [...timeCells(each, limitMs), formatMean(mean(each.rounds.map(({ failed }) => failed)))]);
  console.log(formatTable([...timeHeaders, 'failed'], rows));
  printRemarks(result.contenders);
}

/** The times until service was back; a round in which it was not counts as endless. */
export function recoveryTimes({ rounds }: ContenderResult<Outcome>): readonly number[] {
  return rounds.map(({ recoveryMs }) => recoveryMs ?? Infinity);
}

function timeCells(
  result: ContenderResult<Outcome & { readonly stallMs: number }>,
  limitMs: number,
): readonly string[] {
  const times = recoveryTimes(result);
  const { median, p99, worst } = summarize(times);
  const stalls = summarize(result.rounds.map(({ stallMs }) => stallMs));
  const isInVain = times.every((ms) => ms === Infinity);
  return [
    result.contender,
    String(times.length),
    formatWithin(median, limitMs),
    ...(isInVain ? ['', ''] : [formatWithin(p99, limitMs), formatWithin(worst, limitMs)]),
    formatMs(stalls.median),
    formatMs(stalls.worst),
  ];
}

function printRemarks(results: readonly ContenderResult<Outcome>[]): void {
  for (const reason of new Set(results.flatMap(({ excluded }) => excluded ?? []))) {
    const names = results.filter(({ excluded }) => excluded === reason).map(({ contender }) => contender);
    console.log(`not run (${reason}): ${names.join('; ')}`);
  }
  for (const { contender, errors } of results) {
    for (const error of new Set(errors)) {
      const times = errors.filter((each) => each === error).length;
      console.log(`${contender}: ${times} rounds could not be played: ${error}`);
    }
  }
}
