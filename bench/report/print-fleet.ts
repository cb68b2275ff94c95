import type { FleetResult, FleetScenarioResult } from '../measure/fleet.js';
import type { NodeLoad, Questions } from '../measure/node-load.js';
import type { FleetRound } from '../measure/play-fleet-round.js';
import { mean, summarize } from '../measure/statistics.js';
import { formatMean, formatRate, formatTable, formatWithin, printSection } from './format.js';

export function printFleet(fleet: FleetResult): void {
  const { instances, processes, scenarios, floor, error } = fleet;
  printSection(
    'A fleet of apps',
    [
      `${instances} instances in ${processes} processes, a writer and a reader each, on one group of three nodes.`,
      'Each has one write waiting. Times: from the promotion to the first write that is acknowledged, all instances',
      'of all rounds together. Numbers of writes are means of one round, of all instances together. The floor is as',
      'many raw ioredis that receive the address; a write that hangs on the old connection counts as unknown.',
    ].join('\n'),
  );
  const played = scenarios.filter(({ rounds }) => rounds.length > 0);
  const headers = ['', 'rounds', 'median', 'p99', 'last', 'not back', 'failed', 'unknown'];
  console.log(
    formatTable(
      [...headers, 'duplicated', 'lost'],
      [...played, ...floor.map((each) => ({ ...each, scenario: `floor: ${each.scenario}` }))].map((each) =>
        writeCells(each, fleet.limitMs),
      ),
    ),
  );
  printLoads(fleet.calm, played);
  if (error !== null) console.log(`a round could not be played, and none after it: ${error}`);
}

/** Of all instances in all rounds; one that was not back in time counts as endless. */
export function fleetTimes({ rounds }: FleetScenarioResult): readonly number[] {
  return rounds.flatMap(({ recoveryMs }) => recoveryMs.map((ms) => ms ?? Infinity));
}

/** The one of the rounds in which a node was asked most. */
export function worstLoad({ rounds }: FleetScenarioResult, phase: 'peak' | 'forsaken'): NodeLoad | undefined {
  const loads = rounds.flatMap((round) => round[phase] ?? []);
  return loads.toSorted((a, b) => b.busiest.questions - a.busiest.questions)[0];
}

function writeCells(result: FleetScenarioResult, limitMs: number): readonly string[] {
  const times = fleetTimes(result);
  const { median, p99, worst } = summarize(times);
  const missing = times.filter((ms) => ms === Infinity).length;
  const count = (key: 'failed' | 'unknown' | 'duplicated' | 'lost') =>
    formatMean(mean(result.rounds.map((round: FleetRound) => round[key])));
  return [
    result.scenario,
    String(result.rounds.length),
    ...[median, p99, worst].map((ms) => formatWithin(ms, limitMs)),
    `${missing} of ${times.length}`,
    ...(['failed', 'unknown', 'duplicated', 'lost'] as const).map(count),
  ];
}

function printLoads(calm: NodeLoad, scenarios: readonly FleetScenarioResult[]): void {
  console.log(
    [
      '\nWhat all ask of the nodes, in the worst of all rounds: of the busiest node in its busiest second, and of all nodes',
      'in the whole phase. Role questions are INFO, ROLE and HELLO; among them HELLO, with which each connection begins,',
      'and handshakes, the connections of writers and readers, which ask one HELLO and one INFO each. The rest of INFO is',
      'probes of observers.',
    ].join('\n'),
  );
  const headers = [
    '',
    'role questions/s',
    'HELLO',
    'handshakes',
    'all commands/s',
    'questions in all',
    'HELLO',
  ];
  const rows = scenarios.flatMap((each) => [
    ...loadCells(`${each.scenario}: from the kill to 2 s after the promotion`, worstLoad(each, 'peak')),
    ...loadCells(`${each.scenario}: after 10 s without a master`, worstLoad(each, 'forsaken')),
  ]);
  console.log(formatTable([...headers, 'handshakes'], [...loadCells('calm', calm), ...rows]));
}

function loadCells(phase: string, load: NodeLoad | undefined): readonly (readonly string[])[] {
  if (load === undefined) return [];
  const { busiest, commandsPerSecond, inAll } = load;
  return [[phase, ...questionCells(busiest), formatRate(commandsPerSecond), ...questionCells(inAll)]];
}

function questionCells({ questions, hellos, handshakes }: Questions): readonly string[] {
  return [questions, hellos, handshakes].map(formatRate);
}
