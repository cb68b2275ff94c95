import type { AttackResult, FleetAttacksResult } from '../measure/fleet-attacks.js';
import { summarize } from '../measure/statistics.js';
import { formatRate, formatTable, formatWithin, printSection } from './format.js';

export function printFleetAttacks({ attacks, limitMs, questions }: FleetAttacksResult): void {
  printSection(
    'Attacks on a fleet',
    [
      'One app, and clients that pretend to be others, or proxies that lie about their number. The master is killed, and',
      'a replica is promoted 500 ms later. Times: from the promotion to the first write that is acknowledged.',
    ].join('\n'),
  );
  console.log(
    formatTable(
      ['', 'rounds', 'median', 'worst'],
      attacks.map((each) => {
        const { median, worst } = summarize(attackTimes(each));
        const times = [median, worst].map((ms) => formatWithin(ms, limitMs));
        return [each.attack, String(each.rounds.length), ...times];
      }),
    ),
  );
  console.log('\nWhat 2,000 connections ask of a node that does nothing else:');
  console.log(
    formatTable(
      ['', 'per second', 'of one core'],
      questions.map(({ question, perSecond, load }) => [
        question,
        formatRate(perSecond),
        `${(100 * load).toFixed(1)} %`,
      ]),
    ),
  );
}

export function attackTimes({ rounds }: AttackResult): readonly number[] {
  return rounds.map(({ recoveryMs }) => recoveryMs ?? Infinity);
}
