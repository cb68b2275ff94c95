import type { SeededRandom } from '../topology/seeded-random.js';
import type { Server } from './server.js';
import type { World } from './world.js';

/** What a fault works with. */
export interface Chaos {
  readonly world: World;
  readonly random: SeededRandom;
  /** Waits for a random time; what comes behind it does not happen once the trouble is over. */
  readonly wait: (leastMs: number, mostMs: number) => Promise<void>;
  readonly say: (text: string) => void;
  /** The last step of a failover was taken. */
  readonly pushed: (master: Server) => void;
  /** A server that is a master now, or any. */
  readonly master: () => Server;
  /** Another server, one that replicates from it if there is one. */
  readonly heirOf: (master: Server) => Server;
  readonly any: () => Server;
  readonly othersThan: (...servers: readonly Server[]) => readonly Server[];
}

export type Fault = (chaos: Chaos) => Promise<void>;

/** Begins faults; `end` calls off what is left of them. `isAlone` says that there is one only. */
export function createChaos(world: World, isAlone: boolean): ChaosControl {
  const { random, clock, history } = world;
  let isOver = false;
  const chaos: Chaos = {
    world,
    random,
    ...choosing(world),
    say: (text) => history.add({ kind: 'fault', text }),
    pushed(master) {
      // Where nothing else is wrong, and there was time to see how the group was before.
      if (isAlone && clock.now > SETTLED_MS) {
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

/** How long the app needs to know the group, at most. */
const SETTLED_MS = 500;

class ChaosOver extends Error {}
