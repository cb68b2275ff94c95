import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { onExit } from '../../test/support/exit-hook.js';
import { readReports, type FleetKind, type FleetOrder, type InstanceReport } from './fleet-messages.js';
import { within } from './within.js';

/** Many instances of the module, in several processes. */
export interface Fleet {
  readonly instances: number;
  readonly processes: number;
  /** Each instance issues one write, and issues it again until it is acknowledged. */
  readonly startWrites: () => void;
  /** Gives the floor the address of the new master. */
  readonly tell: (master: string) => void;
  /** When all are, or the limit is over. An instance whose process has ended is not among them. */
  readonly whenBack: (limitMs: number) => Promise<readonly InstanceReport[]>;
  /** Ends all processes. */
  readonly stop: () => Promise<void>;
}

const openMs = 60_000;
const reportMs = 5000;

/** Resolves when all instances are connected and have probed every node. */
export async function startFleet(
  fleet: FleetKind,
  endpoints: readonly string[],
  instances: number,
): Promise<Fleet> {
  const shares = shareOut(instances, availableParallelism() * 2);
  const members = shares.map(startProcess);
  let reports: Promise<readonly InstanceReport[]> = Promise.resolve([]);
  let round = 0;
  const stop = async () => {
    await Promise.all(members.map((member) => member.end()));
  };
  const tellAll = (order: FleetOrder) => members.forEach(({ child }) => tell(child, order));
  try {
    const opening = members.map(({ child }, index) => {
      tell(child, { kind: 'open', fleet, endpoints, instances: shares[index] ?? [] });
      return nextMessage(child);
    });
    await within(openMs, `opening ${instances} instances`, Promise.all(opening));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    instances,
    processes: members.length,
    startWrites() {
      round += 1;
      reports = Promise.all(members.map(({ child }) => nextReports(child))).then((all) => all.flat());
      tellAll({ kind: 'write', round });
    },
    tell: (master) => tellAll({ kind: 'tell', master }),
    async whenBack(limitMs) {
      await within(limitMs, 'the last write', reports).catch(() => tellAll({ kind: 'report' }));
      return within(reportMs, 'the report of the fleet', reports);
    },
    stop,
  };
}

/** The numbers from 0 on, in so many parts of about the same size. */
function shareOut(count: number, parts: number): readonly (readonly number[])[] {
  const numbers = Array.from({ length: count }, (_none, number) => number);
  return Array.from({ length: parts }, (_none, part) => numbers.filter((number) => number % parts === part));
}

interface Member {
  readonly child: ChildProcess;
  readonly end: () => Promise<void>;
}

function startProcess(): Member {
  const child = fork(fileURLToPath(new URL('./fleet-app.ts', import.meta.url)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const forget = onExit(() => child.kill('SIGKILL'));
  child.once('exit', forget);
  return {
    child,
    end() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function tell(child: ChildProcess, order: FleetOrder): void {
  if (child.connected) child.send(order);
}

async function nextReports(child: ChildProcess): Promise<readonly InstanceReport[]> {
  return nextMessage(child).then(readReports, () => []);
}

/** Rejects where the process has ended, or ends instead. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  if (!child.connected) throw new Error('A process of the fleet has ended by itself');
  const over = new AbortController();
  const message = once(child, 'message', over).then(([content]: readonly unknown[]) => content);
  const ended = once(child, 'exit', over).then(() => {
    throw new Error('A process of the fleet ended by itself');
  });
  try {
    return await Promise.race([message, ended]);
  } finally {
    over.abort();
  }
}
