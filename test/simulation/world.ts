import { seededRandom, type SeededRandom } from '../topology/seeded-random.js';
import { VirtualClock } from './clock.js';
import { History } from './history.js';
import { Network } from './network.js';
import { Server } from './server.js';
import type { Settings } from './settings.js';

/** The simulated world: servers, their machines, the network and the clock. */
export interface World {
  readonly settings: Settings;
  readonly clock: VirtualClock;
  readonly history: History;
  readonly network: Network;
  readonly servers: readonly Server[];
  /** Determines faults and their times. */
  readonly random: SeededRandom;
  /** Cuts or restores the network path between two nodes. */
  readonly sever: (from: Server, to: Server, state: 'cut' | 'whole') => void;
  readonly mendAll: () => void;
}

/** Creates a group whose first node is the master that the others follow. */
export function createWorld(settings: Settings): World {
  const clock = new VirtualClock();
  const history = new History(clock);
  const { seed, latencyMs, giveUpMs } = settings;
  const severed = new Set<string>();
  const network = new Network({ clock, history, random: seededRandom(seed + 1), latencyMs, giveUpMs });
  const servers = startServers(settings, { clock, history, severed });
  servers.forEach((server) => network.add(server));
  const sever = (from: Server, to: Server, state: 'cut' | 'whole') => {
    severed[state === 'cut' ? 'add' : 'delete'](`${from.name} ${to.name}`);
    from.resume();
    to.resume();
  };
  pointNames(settings, network);
  return {
    settings,
    clock,
    history,
    network,
    servers,
    random: seededRandom(seed + 2),
    sever,
    mendAll: () => severed.clear(),
  };
}

/** The first name leads to the master, the second to a replica. */
function pointNames({ story, nodes, servers }: Settings, network: Network): void {
  if (story === 'names') {
    nodes.forEach((name, index) => network.point(name, servers[index] ?? name));
  }
}

interface Surroundings extends Pick<World, 'clock' | 'history'> {
  readonly severed: ReadonlySet<string>;
}

function startServers(settings: Settings, { clock, history, severed }: Surroundings): readonly Server[] {
  const { servers: names, seed, password, rights, wording, closesOnReplicaWrite } = settings;
  const random = seededRandom(seed + 3);
  let ids = 0;
  const servers = names.map(
    (name) =>
      new Server(name, {
        clock,
        history,
        password,
        rights,
        wording,
        closesOnReplicaWrite,
        takesMs: (least, most) => least + (random.below(1000) / 1000) * (most - least),
        newId: () => (ids += 1).toString(16).padStart(40, 'a'),
        canReach: (from, to) => !severed.has(`${from} ${to}`),
      }),
  );
  const [master, ...others] = servers;
  if (master !== undefined) {
    others.forEach((server) => server.replica.beginInStep(master));
  }
  return servers;
}
