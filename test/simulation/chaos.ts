import type { SeededRandom } from '../topology/seeded-random.js';
import type { Server } from './server.js';
import { boundsFor } from './settings.js';
import type { World } from './world.js';

/** The tools of a fault. */
export interface Chaos {
  readonly world: World;
  readonly random: SeededRandom;
  /** Waits for a random time; throws if the faults end meanwhile, so that the rest of the fault is skipped. */
  readonly wait: (leastMs: number, mostMs: number) => Promise<void>;
  /** Within this time the app sees what changes. */
  readonly staleMs: number;
  readonly log: (text: string) => void;
  /** To be called after the last step of a failover. */
  readonly pushed: (master: Server) => void;
  /** A running master; any server if there is none. */
  readonly master: () => Server;
  /** A replica of the master; any other server if it has none. */
  readonly heirOf: (master: Server) => Server;
  readonly any: () => Server;
  /** A server dies: for good if the rest can go on without it, at most one of the group. */
  readonly bury: (server: Server) => void;
  /** Somebody sets the clock of the app's machine, by seconds or by up to an hour. */
  readonly setClock: () => void;
  readonly othersThan: (...servers: readonly Server[]) => readonly Server[];
}

export type Fault = (chaos: Chaos) => Promise<void>;

/** Starts faults; `end` cancels the rest of them. `isAlone` means that the schedule has only one fault. */
export function createChaos(world: World, isAlone: boolean): ChaosControl {
  const { random, clock, history } = world;
  let isOver = false;
  const chaos: Chaos = {
    world,
    random,
    ...choosing(world),
    staleMs: boundsFor(world.settings).staleMs,
    bury: (server) => bury(world, server),
    setClock: () => setClock(world),
    log: (text) => history.add({ kind: 'fault', text }),
    pushed(master) {
      // The app can follow promptly only if nothing else is wrong, and it knew the group and its history before.
      const isHidden = world.servers.some(({ hasHiddenHistory }) => hasHiddenHistory);
      if (isAlone && !isHidden && clock.now > SETTLED_MS) {
        history.add({ kind: 'milestone', name: 'pushed', node: master.name });
      }
    },
    async wait(leastMs, mostMs) {
      await clock.pause(leastMs + (random.below(1000) / 1000) * (mostMs - leastMs));
      if (isOver) {
        throw new ChaosOver();
      }
    },
  };
  const begin = (fault: Fault) => {
    if (isOver) {
      return;
    }
    fault(chaos).catch((error: unknown) => {
      if (!(error instanceof ChaosOver)) {
        history.add({ kind: 'uncaught', text: `in a fault: ${String(error)}` });
      }
    });
  };
  return { chaos, begin, end: () => (isOver = true) };
}

interface ChaosControl {
  readonly chaos: Chaos;
  readonly begin: (fault: Fault) => void;
  readonly end: () => void;
}

function choosing({ servers, random }: World): Pick<Chaos, 'any' | 'master' | 'heirOf' | 'othersThan'> {
  const othersThan = (...excepted: readonly Server[]) =>
    servers.filter((server) => !excepted.includes(server));
  const anyOf = (some: readonly Server[]): Server => {
    const server = some[random.below(some.length)] ?? servers[0];
    if (server === undefined) {
      throw new Error('a group without servers');
    }
    return server;
  };
  return {
    othersThan,
    any: () => anyOf(servers),
    master() {
      const masters = servers.filter(({ role, process }) => role === 'master' && process === 'running');
      return anyOf(masters.length > 0 ? masters : servers);
    },
    heirOf(master) {
      const inStep = othersThan(master).filter(({ replica }) => replica.follows === master.name);
      return anyOf(inStep.length > 0 ? inStep : othersThan(master));
    },
  };
}

const HOUR_MS = 3_600_000;

function setClock({ clock, history, random }: World): void {
  const byMs = random.oneOf([-1, -1, 1]) * random.below(random.oneOf([5000, HOUR_MS]));
  history.add({ kind: 'fault', text: `the clock is set by ${byMs} ms` });
  clock.set(byMs);
}

function bury({ servers, settings, random }: World, server: Server): void {
  const { requireMajority, acceptAfterMs } = settings;
  const canGoOn = acceptAfterMs !== false && !(requireMajority && servers.length === 2);
  const how = random.oneOf(['killed', 'without power'] as const);
  if (canGoOn && !servers.some(({ isGone }) => isGone)) {
    server.dieForGood(how);
  } else {
    server.die(how);
  }
}

/** Time after which the app knows the group. */
const SETTLED_MS = 500;

class ChaosOver extends Error {}
