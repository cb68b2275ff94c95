import { settleMs, type ClusterResult } from '../measure/cluster.js';
import type { CredentialsResult } from '../measure/credentials.js';
import type { FleetResult } from '../measure/fleet.js';
import type { AttackResult, FleetAttacksResult } from '../measure/fleet-attacks.js';
import type { IdleResult } from '../measure/idle.js';
import type { RecoveryResult } from '../measure/recovery.js';
import { median, summarize } from '../measure/statistics.js';
import type { SteadyResult } from '../measure/steady-state.js';
import { ioredisFailoverDetector, ioredisSentinel } from '../contenders/ioredis-sentinel.js';
import { withSentinelNodes, withStaticNodes } from '../contenders/this-library.js';
import { toldIoredis } from '../contenders/told-ioredis.js';
import type { Contender } from '../contenders/contender.js';
import { lyingTwice, noAttack } from '../scenarios/attacks.js';
import { fleetForsaken, fleetKilled } from '../scenarios/fleet.js';
import { barePromotion, failoverTo, plannedSwap } from '../scenarios/planned.js';
import type { Scenario } from '../scenarios/scenario.js';
import { sentinelKilled, sentinelOrdered } from '../scenarios/sentinel.js';
import { hungMaster, killedMaster } from '../scenarios/unplanned.js';
import { formatMs, formatRate, formatWithin } from './format.js';
import { clusterTimes } from './print-cluster.js';
import { renewalCost } from './print-credentials.js';
import { recoveryTimes } from './print-failovers.js';
import { fleetTimes, worstLoad } from './print-fleet.js';
import { attackTimes } from './print-fleet-attacks.js';
import { medianRatio } from './print-steady.js';

export interface Results {
  readonly recovery: readonly RecoveryResult[];
  readonly steady: readonly SteadyResult[];
  readonly idle: IdleResult | undefined;
  readonly fleet: FleetResult | undefined;
  readonly attacks: FleetAttacksResult | undefined;
  readonly cluster: ClusterResult | undefined;
  readonly credentials: CredentialsResult | undefined;
}

/** The goals of this library, and whether this run reached them. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly isReached: boolean;
}

/** One for each row that was measured. */
export function judgeGoals(results: Results): readonly Goal[] {
  const { recovery, steady, idle, fleet, attacks, cluster, credentials } = results;
  return [
    ...[killedMaster, hungMaster].flatMap((scenario) => judgeRecovery(scenario, recovery)),
    ...[plannedSwap, failoverTo].flatMap((scenario) => judgeStall(scenario, recovery)),
    ...[sentinelKilled, sentinelOrdered].flatMap((scenario) => judgeSentinel(scenario, recovery)),
    ...judgeBarePromotion(recovery),
    ...steady.map(judgeRatio),
    ...(idle === undefined ? [] : judgeIdle(idle)),
    ...(fleet === undefined ? [] : judgeFleet(fleet)),
    ...(attacks === undefined ? [] : judgeAttacks(attacks)),
    ...(cluster === undefined ? [] : judgeCluster(cluster)),
    ...(credentials === undefined ? [] : judgeCredentials(credentials)),
  ];
}

function roundsOf(recovery: readonly RecoveryResult[], scenario: Scenario, contender: Contender) {
  const result = recovery.find((each) => each.scenario === scenario.name);
  const found = result?.contenders.find((each) => each.contender === contender.name);
  return found === undefined || found.rounds.length === 0 ? undefined : found;
}

const medianGoalMs = 5;
const p99GoalMs = 12;
const floorGoal = 3;

function judgeRecovery(scenario: Scenario, recovery: readonly RecoveryResult[]): readonly Goal[] {
  const library = roundsOf(recovery, scenario, withStaticNodes);
  const floor = roundsOf(recovery, scenario, toldIoredis);
  if (library === undefined || floor === undefined) return [];
  const { median: middle, p99 } = summarize(recoveryTimes(library));
  const floorMs = median(recoveryTimes(floor));
  return [
    {
      goal: `${scenario.name}: median ≤ 5 ms, p99 ≤ 12 ms, median ≤ 3 × floor`,
      measured: `${formatMs(middle)}, ${formatMs(p99)}, ${(middle / floorMs).toFixed(1)} × ${formatMs(floorMs)}`,
      isReached: middle <= medianGoalMs && p99 <= p99GoalMs && middle <= floorGoal * floorMs,
    },
  ];
}

function judgeStall(scenario: Scenario, recovery: readonly RecoveryResult[]): readonly Goal[] {
  const library = roundsOf(recovery, scenario, withStaticNodes);
  if (library === undefined) return [];
  const stallMs = median(library.rounds.map(({ stallBeyondPauseMs }) => stallBeyondPauseMs));
  const failed = library.rounds.reduce((sum, round) => sum + round.failed, 0);
  const unknown = library.rounds.reduce((sum, round) => sum + round.unknown, 0);
  return [
    {
      goal: `${scenario.name}: longest stall beyond the server's pause, median ≤ 5 ms; none failed or unknown`,
      measured: `${formatMs(stallMs)}, ${failed} failed, ${unknown} unknown`,
      isReached: stallMs <= medianGoalMs && failed === 0 && unknown === 0,
    },
  ];
}

const sentinelGoal = 100;
const sentinelFactor = 1.5;

/** ioredis with its defaults; what its `failoverDetector` reaches is told beside. */
function judgeSentinel(scenario: Scenario, recovery: readonly RecoveryResult[]): readonly Goal[] {
  const library = roundsOf(recovery, scenario, withSentinelNodes);
  const listed = roundsOf(recovery, scenario, withStaticNodes);
  const limitMs = recovery.find((each) => each.scenario === scenario.name)?.limitMs ?? 0;
  const [peerMs, detectorMs] = [ioredisSentinel, ioredisFailoverDetector].map((contender) => {
    const found = roundsOf(recovery, scenario, contender);
    // One that was not back in time counts as if it were just then.
    return found && Math.min(limitMs, median(recoveryTimes(found)));
  });
  if (library === undefined || listed === undefined || peerMs === undefined) return [];
  const middle = median(recoveryTimes(library));
  const [times, factor] = [peerMs / middle, middle / median(recoveryTimes(listed))];
  const beside =
    detectorMs === undefined ? '' : `, ${(detectorMs / middle).toFixed(0)} × against its failoverDetector`;
  return [
    {
      goal: `${scenario.name}, sentinelNodes: median ≤ 1.5 × that of staticNodes, ≥ 100 × faster than ioredis with Sentinel`,
      measured: `${formatMs(middle)}, ${factor.toFixed(2)} ×, ${times.toFixed(0)} × against ${formatMs(peerMs)}${beside}`,
      isReached: factor <= sentinelFactor && times >= sentinelGoal,
    },
  ];
}

const pollIntervalMs = 500;
const jitter = 1.1;

function judgeBarePromotion(recovery: readonly RecoveryResult[]): readonly Goal[] {
  const library = roundsOf(recovery, barePromotion, withStaticNodes);
  if (library === undefined) return [];
  const { median: middle, worst } = summarize(recoveryTimes(library));
  return [
    {
      goal: `${barePromotion.name}: worst ≤ poll interval (500 ms, + 10 % of jitter) + 5 ms`,
      measured: `${formatMs(worst)}, median ${formatMs(middle)}`,
      isReached: worst <= pollIntervalMs * jitter + medianGoalMs,
    },
  ];
}

const ratioGoal = 0.98;

function judgeRatio(result: SteadyResult): Goal {
  const ratio = medianRatio(result, 'commandsPerSecond');
  return {
    goal: `${result.role} ÷ raw, ${result.scenario}: ≥ 0.98`,
    measured: ratio.toFixed(3),
    isReached: ratio >= ratioGoal,
  };
}

const connectionsGoal = 2;
const commandsGoal = 2.5;

function judgeIdle({ nodes }: IdleResult): readonly Goal[] {
  const connections = Math.max(...nodes.map(({ watchConnections }) => watchConnections));
  const commands = Math.max(...nodes.map(({ commandsPerSecond }) => commandsPerSecond));
  return [
    {
      goal: 'one idle app, on each node: ≤ 2 connections beside writer and reader, ≤ 2.5 commands/s',
      measured: `${connections}, ${commands.toFixed(1)}/s`,
      isReached: connections <= connectionsGoal && commands <= commandsGoal,
    },
  ];
}

/** Each of 200 asks four times a second; beside that, connections are opened. */
const peakGoal = 1500;
const forsakenGoal = 900;
const fleetMedianGoalMs = 25;
const fleetLastGoalMs = 150;

function judgeFleet({ instances, limitMs, scenarios, floor }: FleetResult): readonly Goal[] {
  const killed = scenarios.find(({ scenario }) => scenario === fleetKilled.name);
  const forsaken = scenarios.find(({ scenario }) => scenario === fleetForsaken.name);
  const peak = killed && worstLoad(killed, 'peak')?.busiest.questions;
  const later = forsaken && worstLoad(forsaken, 'forsaken')?.busiest.questions;
  if (killed === undefined || peak === undefined || later === undefined) return [];
  const { median: middle, worst } = summarize(fleetTimes(killed));
  const name = `${instances} instances, ${fleetKilled.name}`;
  return [
    {
      goal: `${name}: role questions per node and second at the peak ≤ 1,500, after ten seconds without a master ≤ 900`,
      measured: `${formatRate(peak)}, ${formatRate(later)}`,
      isReached: peak <= peakGoal && later <= forsakenGoal,
    },
    {
      goal: `the same: promotion to first write, median ≤ 25 ms, last of the ${instances} ≤ 150 ms`,
      measured: `${formatWithin(middle, limitMs)}, ${formatWithin(worst, limitMs)}; ${describeFloor(floor, limitMs)}`,
      isReached: middle <= fleetMedianGoalMs && worst <= fleetLastGoalMs,
    },
  ];
}

function describeFloor([floor]: FleetResult['floor'], limitMs: number): string {
  if (floor === undefined || floor.rounds.length === 0) return 'the floor was not measured';
  const { median: middle, worst } = summarize(fleetTimes(floor));
  return `the floor is ${formatWithin(middle, limitMs)}, ${formatWithin(worst, limitMs)}`;
}

const attackGoalMs = 300;
/** It may hide itself for as long as an app of the largest fleet waits for its turn; it could as well not answer. */
const hidingGoalMs = 1300;

function worstOf(result: AttackResult): number {
  return summarize(attackTimes(result)).worst;
}

function judgeAttacks({ attacks, limitMs }: FleetAttacksResult): readonly Goal[] {
  const honest = attacks.find(({ attack }) => attack === noAttack.name);
  if (honest === undefined) return [];
  return attacks
    .filter((each) => each !== honest)
    .map((each) => {
      const allowedMs = each.attack === lyingTwice.name ? hidingGoalMs : attackGoalMs;
      return {
        goal: `${each.attack}: worst ≤ ${allowedMs} ms beyond the honest case`,
        measured: `${formatWithin(worstOf(each), limitMs)}, against ${formatWithin(worstOf(honest), limitMs)}`,
        isReached: worstOf(each) <= worstOf(honest) + allowedMs,
      };
    });
}

const clusterGoal = 5;

function judgeCluster({ failovers, ratios }: ClusterResult): readonly Goal[] {
  // When a master hands over, all clients wait for it to say MOVED.
  const unplanned = failovers.filter(({ scenario }) => !scenario.startsWith('CLUSTER'));
  const recovered = unplanned.map(({ scenario, rounds }) => {
    const [ours, theirs, floor] = [
      rounds['this library'],
      rounds['ioredis Cluster'],
      rounds['raw ioredis, told the address'],
    ].map((each) => median(clusterTimes(each)));
    const failed = rounds['this library'].reduce((sum, round) => sum + round.failed, 0);
    return {
      goal: `Cluster, ${scenario}: median ≤ 3 × floor, ≥ 5 × faster than ioredis Cluster; none failed`,
      measured: `${formatMs(ours ?? NaN)}, floor ${formatMs(floor ?? NaN)}, ioredis Cluster ${formatWithin(theirs ?? NaN, settleMs)}; ${failed} failed`,
      isReached:
        ours !== undefined &&
        ours <= floorGoal * (floor ?? 0) &&
        clusterGoal * ours <= (theirs ?? 0) &&
        failed === 0,
    };
  });
  const speeds = Object.entries(ratios).map(([name, pairs]) => {
    const ratio = median(pairs);
    return {
      goal: `writer ÷ ioredis Cluster, ${name}: ≥ 0.98`,
      measured: ratio.toFixed(3),
      isReached: ratio >= ratioGoal,
    };
  });
  return [...recovered, ...speeds];
}

const callsGoal = 1;
const delayGoalMs = 5;

function judgeCredentials(result: CredentialsResult): readonly Goal[] {
  const { calls, addedMs } = renewalCost(result);
  return [
    {
      goal: `${result.connections} connections, ${result.scenario}: the function is called once for each, and no command is slower by more than 5 ms than the slowest in calm`,
      measured: `${calls} call${calls === 1 ? '' : 's'}, ${formatMs(addedMs)}`,
      isReached: calls <= callsGoal && addedMs <= delayGoalMs,
    },
  ];
}
