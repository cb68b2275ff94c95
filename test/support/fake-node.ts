import { answer, type Channels } from './fake-node-commands.js';
import { createFaults } from './fake-node-faults.js';
import { firstState, promoted } from './fake-node-state.js';
import type { FakeNodeState } from './fake-node-state.js';
import { startFakeRedis } from './fake-redis.js';
import type { FakeConnection, FakeRedis, Outcome } from './fake-redis.js';
import { error } from './resp.js';

export interface FakeNodeOptions extends Partial<FakeNodeState> {
  /** Called first; `undefined` leaves the command to the node. */
  readonly onCommand?: (argv: readonly string[], connection: FakeConnection) => Outcome | undefined;
}

/** A master or replica that reports its scripted state, and refuses commands or hangs on request. */
export interface FakeNode extends FakeRedis {
  readonly state: FakeNodeState;
  readonly data: ReadonlyMap<string, string>;
  /** Changes only what it reports: it pushes nothing and closes no connection. */
  update(change: Partial<FakeNodeState>): void;
  /**
   * As `REPLICAOF` does. To `master`: it derives a new replication id, and pushes nothing.
   * To `replica`: blocked clients receive `-UNBLOCKED` and are closed.
   */
  become(role: FakeNodeState['role'], change?: Partial<FakeNodeState>): void;
  /** Stops answering all commands, or these; commands that arrive wait. */
  hang(...names: string[]): void;
  /** Answers the commands that waited, by the current state, and all that follow. */
  resume(): void;
  /** Answers these commands, or all, with an error that begins with its code. */
  refuse(message: string, ...names: string[]): void;
  /** Ends every `refuse`. */
  allow(): void;
}

export async function startFakeNode({ onCommand, ...initial }: FakeNodeOptions = {}): Promise<FakeNode> {
  let state: FakeNodeState = { ...firstState, ...initial };
  const data = new Map<string, string>();
  const blocked = createBlocked();
  const faults = createFaults();
  const channels: Channels = new Map();
  const context = { data, channels, written: (bytes: number) => update({ offset: state.offset + bytes }) };
  const update = (change: Partial<FakeNodeState>) => {
    state = { ...state, ...change };
  };
  const server = await startFakeRedis({
    async onCommand(argv, connection) {
      const [name = '', ...args] = argv;
      const special = (await faults.pass(name.toUpperCase())) ?? onCommand?.(argv, connection);
      if (special !== undefined) return special;
      const outcome = answer(name.toUpperCase(), { ...context, args, connection, state });
      return outcome === 'hang' ? blocked.add(connection) : outcome;
    },
  });
  return {
    ...server,
    get connections() {
      return server.connections;
    },
    get state() {
      return state;
    },
    data,
    update,
    hang: (...names) => faults.hang(...names),
    resume: () => faults.resume(),
    refuse: (message, ...names) => faults.refuse(message, ...names),
    allow: () => faults.allow(),
    become(role, change) {
      state = { ...(role === 'master' ? promoted(state) : { ...state, role }), ...change };
      if (role === 'replica') blocked.end();
    },
  };
}

const unblocked = error(
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
);

function createBlocked(): { add(connection: FakeConnection): 'hang'; end(): void } {
  const connections = new Set<FakeConnection>();
  return {
    add(connection) {
      connections.add(connection);
      return 'hang';
    },
    end() {
      for (const connection of connections) {
        connection.send(unblocked);
        connection.close();
      }
      connections.clear();
    },
  };
}
