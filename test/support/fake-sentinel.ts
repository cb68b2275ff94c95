import { createFaults } from './fake-node-faults.js';
import { startFakeRedis, type FakeConnection, type FakeRedis, type Outcome } from './fake-redis.js';
import { array, bulk, error, integer, map, push, simple, type Reply } from './resp.js';

export interface FakeSentinelState {
  readonly name: string;
  readonly id: string;
  /** `host:port` of a master, then of its replicas. */
  readonly nodes: readonly string[];
  /** Further flags of a node, such as `s_down`. */
  readonly flags: Readonly<Record<string, string>>;
  /** `[id, host:port]` of other Sentinels. */
  readonly others: readonly (readonly [string, string])[];
  readonly tilt: boolean;
}

/** A Sentinel that says whatever it is told to, which a real one cannot be made to do. */
export interface FakeSentinel extends FakeRedis {
  readonly id: string;
  update(change: Partial<FakeSentinelState>): void;
  /** Sends an event to those who have subscribed. */
  publish(channel: string, message: string): void;
  /** Stops answering; commands that arrive wait. */
  hang(): void;
  /** Answers the commands that waited, and all that follow. */
  resume(): void;
}

interface Options extends Partial<FakeSentinelState> {
  /** Called first; `undefined` leaves the command to the Sentinel. */
  readonly onCommand?: (argv: readonly string[], connection: FakeConnection) => Outcome | undefined;
}

let started = 0;

export async function startFakeSentinel({ onCommand, ...initial }: Options = {}): Promise<FakeSentinel> {
  started += 1;
  const id = `sentinel-${started}`;
  let state: FakeSentinelState = { ...defaults, id, ...initial };
  const faults = createFaults();
  const subscribers = new Set<FakeConnection>();
  const server = await startFakeRedis({
    async onCommand([word = '', ...args], connection) {
      const name = word.toUpperCase();
      const special = (await faults.pass(name)) ?? onCommand?.([word, ...args], connection);
      if (special === undefined && name === 'SUBSCRIBE') subscribers.add(connection);
      return special ?? answer(name, { args, state, connection });
    },
  });
  return {
    ...server,
    get connections() {
      return server.connections;
    },
    id: state.id,
    update(change) {
      state = { ...state, ...change };
    },
    publish(channel, message) {
      subscribers.forEach((each) => each.send(push(bulk('message'), bulk(channel), bulk(message))));
    },
    hang: () => faults.hang(),
    resume: () => faults.resume(),
  };
}

const defaults = { name: 'main', nodes: [], flags: {}, others: [], tilt: false } as const;

interface Asked {
  readonly args: readonly string[];
  readonly state: FakeSentinelState;
  readonly connection: FakeConnection;
}

function answer(name: string, { args, state, connection }: Asked): Outcome {
  switch (name) {
    case 'HELLO':
      if (args[0] === '3') connection.protocol = 3;
      return map({ proto: integer(connection.protocol), mode: bulk('sentinel') });
    case 'SUBSCRIBE':
      return push(bulk('subscribe'), bulk(args[0] ?? ''), integer(1));
    case 'INFO':
      return bulk(`# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:${state.tilt ? 1 : 0}\r\n`);
    case 'ROLE':
      return array(bulk('sentinel'), array(bulk(state.name)));
    case 'SENTINEL':
      return answerSentinel(args, state);
    default:
      return error(`ERR unknown command '${name}'`);
  }
}

function answerSentinel([command = '', name = '']: readonly string[], state: FakeSentinelState): Outcome {
  if (command === 'MYID') return bulk(state.id);
  if (name !== state.name) return error('ERR No such master with that name');
  const [master = '', ...replicas] = state.nodes;
  const entry = (node: string, role: string) =>
    entryOf(node, { flags: [role, state.flags[node] ?? []].flat().join(',') });
  switch (command) {
    case 'MASTER':
      return entry(master, 'master');
    case 'REPLICAS':
      return array(...replicas.map((node) => entry(node, 'slave')));
    case 'SENTINELS':
      return array(
        ...state.others.map(([id, endpoint]) => entryOf(endpoint, { runid: id, flags: 'sentinel' })),
      );
    default:
      return simple('OK');
  }
}

function entryOf(endpoint: string, fields: Readonly<Record<string, string>>): Reply {
  const at = endpoint.lastIndexOf(':');
  const all = { ip: endpoint.slice(0, at).replace(/[[\]]/g, ''), port: endpoint.slice(at + 1), ...fields };
  return map(Object.fromEntries(Object.entries(all).map(([key, value]) => [key, bulk(value)])));
}
