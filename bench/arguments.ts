import { parseArgs } from 'node:util';
import type { FleetOptions } from './measure/fleet.js';

/** The options of `npm run bench --`. */
export interface BenchOptions {
  readonly rounds: number;
  /** Only scenarios whose name fits. */
  readonly only: RegExp;
  /** Whether everything is measured, as often as for the published figures. */
  readonly isWhole: boolean;
  /** A contender that fails in all of its first rounds, this many, is not run any further. */
  readonly hopelessAfter: number;
  /** Limits how long a contender may take if no Sentinel is involved. */
  readonly maxLimitMs: number;
  /** The minimum number of groups on which rounds are played in parallel. */
  readonly minLanes: number;
  readonly batchMs: number;
  readonly idleSeconds: number;
  readonly instances: number;
  /** How many connections log in again when credentials are renewed. */
  readonly connections: number;
  readonly fleet: FleetOptions;
  /** For how long each question is asked whose cost is measured. */
  readonly costSeconds: number;
}

const defaultRounds = 30;

/** @throws Error for an unknown or malformed argument. */
export function readArguments(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean' } },
  });
  const { quick = false, only } = values;
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1)) {
    throw new Error(`--rounds is ${values.rounds}; it should be a whole number from 1`);
  }
  return {
    rounds: rounds ?? (quick ? 1 : defaultRounds),
    only: new RegExp(only ?? '', 'i'),
    isWhole: !quick && only === undefined && (rounds ?? defaultRounds) >= defaultRounds,
    hopelessAfter: quick ? 1 : 2,
    maxLimitMs: quick ? 600 : 5000,
    minLanes: quick ? 4 : 1,
    batchMs: quick ? 30 : 120,
    idleSeconds: quick ? 2 : 10,
    instances: quick ? 20 : 50,
    connections: quick ? 100 : 1000,
    // Long enough to include what calm apps do every ten seconds.
    fleet: { instances: quick ? 20 : 200, settleSeconds: quick ? 3 : 12, calmSeconds: quick ? 2 : 5 },
    costSeconds: quick ? 1 : 10,
  };
}
